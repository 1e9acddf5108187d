import type { FieldPath } from './field-path.ts';
import type { Finding } from './problem-list.ts';

const maximumBytes = 64 * 1024;

/** Is this JSON of bounded size that reads back as it was written? Names the first value that is not. */
export function metadataFindings(value: unknown, path: FieldPath): Finding[] {
  if (value === undefined) return [];
  const wrong = firstOutsideJson(value, path);
  if (wrong !== undefined) return [wrong];
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= maximumBytes) return [];
  return [{ path, at: 'key', message: `metadata has at most ${maximumBytes} bytes as JSON; this has ${bytes}` }];
}

function firstOutsideJson(value: unknown, path: FieldPath): Finding | undefined {
  if (typeof value === 'number') {
    const message = numberProblem(value);
    return message === undefined ? undefined : { path, message };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, member] of entries) {
    const found = firstOutsideJson(member, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function numberProblem(value: number): Finding['message'] | undefined {
  if (!Number.isFinite(value)) return 'JSON has no such number; quote it';
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return (written) => `JSON readers would change this number; quote it: "${written}"`;
}
