import { z } from 'zod';
import { settingMessage } from './setting-message.ts';

/**
 * Checks a value by a schema and keeps it as its author wrote it, without the defaults: they come once it is known
 * what an environment overrides. A section that is only named (`cloud:`) is not there.
 */
export function asWritten<Schema extends z.ZodType>(schema: Schema) {
  return z.unknown().transform((value, context): z.input<Schema> | undefined => {
    if (value === null || value === undefined) return undefined;
    const parsed = schema.safeParse(value, { error: settingMessage });
    for (const issue of parsed.error?.issues ?? []) {
      context.issues.push({ ...issue, input: issue.input } as z.core.$ZodRawIssue);
    }
    return value as z.input<Schema>;
  });
}
