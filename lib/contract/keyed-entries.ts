import { z } from 'zod';
import { settingMessage } from './setting-message.ts';

/** How the value under a key is to be read, or what is wrong with the key itself. */
export type EntryReading<T> = { readonly schema: z.ZodType<T> } | { readonly problem: string };

/**
 * A mapping whose keys are judged too, and decide how their values are read. Problems of all entries are found at once;
 * one that is about a key carries `params: {key: true}`.
 */
export function keyedEntries<T>(readingOf: (key: string, before: readonly string[]) => EntryReading<T>) {
  return z.record(z.string(), z.unknown()).transform((entries, context): Readonly<Record<string, T>> => {
    const values: Record<string, T> = {};
    const keys = Object.keys(entries);
    for (const [index, key] of keys.entries()) {
      const reading = readingOf(key, keys.slice(0, index));
      if ('problem' in reading) {
        context.addIssue({ code: 'custom', path: [key], message: reading.problem, params: { key: true } });
        continue;
      }
      const parsed = reading.schema.safeParse(entries[key], { error: settingMessage });
      if (parsed.success) values[key] = parsed.data;
      for (const issue of parsed.error?.issues ?? []) {
        context.issues.push({ ...issue, input: issue.input, path: [key, ...issue.path] } as z.core.$ZodRawIssue);
      }
    }
    return values;
  });
}
