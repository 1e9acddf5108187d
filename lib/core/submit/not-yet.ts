import { NotAuthorised } from '../errors.ts';

/** How S3 says that a right is missing; without the right to list it says the same of what is not there. */
const refusals: ReadonlySet<unknown> = new Set(['AccessDenied', 'Forbidden', '403']);

/**
 * Can this refusal mean that the object does not exist? A role that may read an object and not list the bucket is told
 * 403 for both. Credentials that expired, or that nobody knows, are another matter.
 */
export function isRefusedLook(error: unknown): boolean {
  return error instanceof NotAuthorised && refusals.has(error.evidence.code);
}

/** What `read` gives; undefined also where it is refused as for what does not exist. */
export async function unlessRefused<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isRefusedLook(error)) return undefined;
    throw error;
  }
}
