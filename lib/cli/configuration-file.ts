import { deploymentIssues } from '../contract/cloud/resolve-deployment.ts';
import { type ConfigurationDocument, configurationSchema } from '../contract/configuration.ts';
import { type FieldIssue, fieldIssues } from '../contract/field-issues.ts';
import { settingMessage } from '../contract/setting-message.ts';
import { InvalidFile } from '../core/errors.ts';
import { plainValue } from '../core/manifest/plain-value.ts';
import { type Finding, placeFindings } from '../core/manifest/problem-list.ts';
import { YamlText } from '../core/manifest/yaml-text.ts';

/**
 * Reads the text of a `weighbridge.yaml`.
 * @param file its name in messages
 * @throws InvalidFile with every problem, each with line, column and field.
 */
export function parseConfiguration(text: string | Uint8Array, file: string): ConfigurationDocument {
  const source = YamlText.decode(text, file);
  const { value, findings } = plainValue(source.document);
  // A file of comments only says nothing, which is fine.
  const parsed = configurationSchema.safeParse(value ?? {}, { error: settingMessage });
  const own = (parsed.error?.issues ?? []).flatMap(fieldIssues);
  const issues = parsed.success ? deploymentIssues(parsed.data) : own;
  const all = [...findings, ...issues.map(findingOf)];
  if (parsed.success && all.length === 0) return parsed.data;
  throw invalidConfiguration(all, source);
}

/** The error of a `weighbridge.yaml`: issues placed in its text. */
export function invalidConfiguration(findings: readonly Finding[], source: YamlText): InvalidFile {
  const problems = placeFindings(findings, source);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new InvalidFile(`${source.file} has ${count}`, problems);
}

/** A field's issue as a finding; what may be a credential that was pasted is not shown. */
export function findingOf(issue: FieldIssue): Finding {
  const { path, message, at } = issue;
  return { path, message, at, secret: at === 'value' && mayBeSecret(path) };
}

function mayBeSecret(path: readonly (string | number)[]): boolean {
  return path[0] === 'credentials' || path.includes('secret');
}
