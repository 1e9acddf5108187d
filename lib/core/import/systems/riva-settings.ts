import { InvalidFile } from '../../errors.ts';
import type { LooseFields } from '../../manifest/manifest-document.ts';
import { isPlaceholder } from '../../manifest/placeholders.ts';
import type { InputText } from '../read-input.ts';
import type { FindingList } from './finding-list.ts';

/** What the staging is run with. */
export interface RivaSettings {
  readonly uri: string;
  readonly model: string;
  readonly version: string;
  readonly language: string;
  readonly environment: string;
  readonly sha256: string | undefined;
}

const required = [
  'AWS_REGION',
  'NVIDIA_DRIVERS_S3_BUCKET',
  'RIVA_ASR_MODEL_S3_URI',
  'RIVA_ASR_MODEL_NAME',
  'RIVA_ASR_LANG_CODE',
  'MODEL_VERSION',
  'ENV',
];

/**
 * Reads a settings file of lines `NAME=value`. Only the settings of the staging are looked at: the same file holds keys.
 * @throws InvalidFile that names every required setting that is missing or not filled in
 */
export function readRivaSettings({ name, text }: InputText): RivaSettings {
  const values = new Map<string, { readonly value: string; readonly line: number }>();
  for (const [index, line] of text.split(/\r?\n/u).entries()) {
    const found = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/u.exec(line);
    if (found?.[1] !== undefined) values.set(found[1], { value: unquoted(found[2] ?? ''), line: index + 1 });
  }
  const problems = required.flatMap((field) => {
    const found = values.get(field);
    const filled = found !== undefined && found.value !== '' && !isPlaceholder(found.value);
    const message = found === undefined ? `${field} is missing` : `${field} is not filled in`;
    return filled
      ? []
      : [{ file: name, line: found?.line ?? 1, column: 1, field, message, severity: 'error' as const }];
  });
  if (problems.length > 0) {
    throw new InvalidFile(`${name} lacks ${problems.map(({ field }) => field).join(', ')}`, problems);
  }
  const value = (field: string) => values.get(field)?.value ?? '';
  const digest = value('RIVA_ASR_MODEL_SHA256');
  return {
    uri: value('RIVA_ASR_MODEL_S3_URI'),
    model: value('RIVA_ASR_MODEL_NAME'),
    version: value('MODEL_VERSION'),
    language: value('RIVA_ASR_LANG_CODE'),
    environment: value('ENV'),
    sha256: digest === '' ? undefined : digest,
  };
}

/** Says where the settings and a record differ: the record is of a run that may have had others. */
export function compareSettings(
  settings: RivaSettings,
  record: { readonly model: LooseFields; readonly source: string | undefined; readonly deployment: LooseFields },
  findings: FindingList,
): void {
  const pairs: readonly (readonly [string, string, unknown])[] = [
    ['RIVA_ASR_MODEL_NAME', settings.model, record.model.name],
    ['MODEL_VERSION', settings.version, record.model.version],
    ['RIVA_ASR_LANG_CODE', settings.language, record.model.language_code],
    ['RIVA_ASR_MODEL_S3_URI', settings.uri, record.source],
    ['ENV', settings.environment, record.deployment.environment],
  ];
  for (const [name, mine, theirs] of pairs) {
    if (typeof theirs !== 'string' || theirs === mine) continue;
    findings.add(
      'conflict',
      'settings',
      name,
      `${name} is ${JSON.stringify(mine)}, the record says ${JSON.stringify(theirs)}`,
    );
  }
}

/** Quotes go, and so does a comment behind a value. */
function unquoted(text: string): string {
  const quoted = /^"([^"]*)"|^'([^']*)'/u.exec(text.trim());
  return (quoted?.[1] ?? quoted?.[2] ?? text.replace(/(?:^|\s+)#.*$/u, '')).trim();
}
