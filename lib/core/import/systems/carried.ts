import type { Json } from '../../manifest/manifest.ts';
import type { FindingList } from './finding-list.ts';

const secretName = /^(?:.*[_-])?(?:token|password|passwd|secret|secret_access_key|api_?key|authorization|jwt)$/iu;

/**
 * Fields of the input that a manifest has no place for, as metadata. What is called a credential is left out here;
 * signed addresses and paths of one machine are where every importer's metadata is made to fit.
 * @returns undefined when there is nothing
 */
export function carried(
  fields: Readonly<Record<string, unknown>>,
  subject: string,
  findings: FindingList,
): Readonly<Record<string, Json>> | undefined {
  const kept = carryFields(fields, '', subject, findings);
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function carryFields(
  fields: Readonly<Record<string, unknown>>,
  path: string,
  subject: string,
  findings: FindingList,
): Record<string, Json> {
  const kept: [string, Json][] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const field = path === '' ? key : `${path}.${key}`;
    if (secretName.test(key) && typeof value === 'string' && value !== '') {
      findings.add('signed-url', subject, field, 'this is called a credential and was left out');
    } else kept.push([key, carry(value, field, subject, findings)]);
  }
  return Object.fromEntries(kept);
}

function carry(value: unknown, field: string, subject: string, findings: FindingList): Json {
  if (Array.isArray(value)) return value.map((item, index) => carry(item, `${field}[${index}]`, subject, findings));
  if (typeof value === 'object' && value !== null) {
    return carryFields(value as Record<string, unknown>, field, subject, findings);
  }
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return plain ? value : null;
}
