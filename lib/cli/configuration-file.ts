import type { z } from 'zod';
import { type ConfigurationDocument, configurationSchema } from '../contract/configuration.ts';
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
  const parsed = configurationSchema.safeParse(value ?? {});
  const all = [...findings, ...(parsed.error?.issues ?? []).flatMap(findingsOf)];
  if (parsed.success && all.length === 0) return parsed.data;
  const problems = placeFindings(all, source);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  throw new InvalidFile(`${file} has ${count}`, problems);
}

function findingsOf(issue: z.core.$ZodIssue): Finding[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], at: 'key', message: 'there is no such setting' }));
  }
  if (issue.code === 'invalid_union') {
    // The alternative that got furthest is the one that was meant.
    const deepest = issue.errors.flat().filter((inner) => inner.path.length > 0);
    const inner = deepest.length > 0 ? deepest : issue.errors.flat().slice(0, 1);
    return inner.flatMap((one) => findingsOf({ ...one, path: [...issue.path, ...one.path] }));
  }
  const at = issue.code === 'custom' && issue.params?.key === true ? 'key' : 'value';
  return [{ path, message: issue.message, at, secret: path[0] === 'credentials' && at === 'value' }];
}
