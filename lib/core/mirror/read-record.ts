import type { z } from 'zod';
import { MirrorDamaged } from './mirror-errors.ts';

/** Bytes: a release of 50,000 artifacts has a record of about 30 MB. */
export const recordLimit = 128 * 1024 * 1024;

/**
 * A record's bytes as a typed value.
 * @param what how messages name it, such as `registry.json of file:./mirror`
 * @throws MirrorDamaged for anything but UTF-8 JSON of the expected shape; a newer format is told apart.
 */
export function parseRecord<T extends z.ZodType>(
  bytes: Uint8Array,
  schema: T,
  format: string,
  what: string,
): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new MirrorDamaged(`${what} is not JSON`, {
      cause,
      hint: 'Restore it from a copy; the files of its releases are still there.',
    });
  }
  const written = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (
    typeof written === 'string' &&
    written !== format &&
    written.split('/').slice(0, 2).join('/') === family(format)
  ) {
    throw new MirrorDamaged(`${what} has the format ${JSON.stringify(written)}; this version reads ${format}`, {
      evidence: { expected: format, actual: written.slice(0, 100) },
      hint: 'a newer weighbridge wrote it: update this one',
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new MirrorDamaged(`${what} is damaged: ${issue?.path.join('.') || 'the document'}: ${issue?.message}`, {
    evidence: { field: issue?.path.join('.') },
  });
}

function family(format: string): string {
  return format.split('/').slice(0, 2).join('/');
}
