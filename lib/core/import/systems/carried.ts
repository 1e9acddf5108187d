import type { Json } from '../../manifest/manifest.ts';
import { metadataFindings } from '../../manifest/metadata-findings.ts';
import { secretParameter, withoutCredentials } from '../../sources/signed-url.ts';
import type { FindingList } from './finding-list.ts';

const secretKey = /^(?:.*[_-])?(?:token|password|passwd|secret|secret_access_key|api_?key|authorization|jwt)$/iu;
/** `/home/…`, `C:\…`, `\\host\…`: where something lay on somebody's machine. */
const localPath = /^(?:file:\/\/)?(?:\/[^/]+\/.+|[A-Za-z]:[\\/].+|\\\\.+|~[\\/].+)$/u;

/**
 * Fields of the input that a manifest has no place for, fit to be published: credentials and absolute local paths
 * are cut out and named.
 * @returns undefined when there is nothing, or more than metadata may hold (which is a finding)
 */
export function carried(
  fields: Readonly<Record<string, unknown>>,
  subject: string,
  findings: FindingList,
): Readonly<Record<string, Json>> | undefined {
  const kept = carryFields(fields, '', subject, findings);
  if (Object.keys(kept).length === 0) return undefined;
  const [problem] = metadataFindings(kept, []);
  if (problem === undefined) return kept;
  const why = typeof problem.message === 'string' ? problem.message : 'a number cannot be carried as it is';
  findings.add('not-taken', subject, undefined, `its other fields were left out: ${why}`);
  return undefined;
}

function carryFields(
  fields: Readonly<Record<string, unknown>>,
  path: string,
  subject: string,
  findings: FindingList,
): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || key === '__proto__') continue;
    const field = path === '' ? key : `${path}.${key}`;
    if (secretKey.test(key) && typeof value === 'string' && value !== '') {
      findings.add('signed-url', subject, field, 'this looks like a credential and was left out');
    } else kept[key] = carry(value, field, subject, findings);
  }
  return kept;
}

function carry(value: unknown, field: string, subject: string, findings: FindingList): Json {
  if (typeof value === 'string') return carryText(value, field, subject, findings);
  if (typeof value === 'number') return safeNumber(value);
  if (value === null || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item, index) => carry(item, `${field}[${index}]`, subject, findings));
  if (typeof value !== 'object') return null;
  return carryFields(value as Record<string, unknown>, field, subject, findings);
}

function carryText(text: string, field: string, subject: string, findings: FindingList): string {
  const query = /^[a-z][a-z0-9+.-]*:\/\/[^?#]*[?#](.*)$/isu.exec(text)?.[1];
  const signed = query !== undefined && secretParameter(query.replace(/[?#]/gu, '&')) !== undefined;
  if (signed || /:\/\/[^/?#\s]*:[^/?#\s]*@/u.test(text)) {
    findings.add('signed-url', subject, field, 'an address that is a credential; what made it one was left out');
    return withoutCredentials(text);
  }
  if (!localPath.test(text) || text.includes('\n')) return text;
  findings.add('not-taken', subject, field, "a path on somebody's machine; only the name of the file was kept");
  return text.split(/[\\/]/u).at(-1) ?? '';
}

/** Numbers that JSON readers would change are kept as text. */
function safeNumber(value: number): Json {
  if (!Number.isFinite(value)) return String(value);
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(value) : value;
}
