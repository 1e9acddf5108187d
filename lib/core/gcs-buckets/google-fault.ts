import { NotAuthorised, Refused } from '../errors.ts';
import { StoreError } from '../stores/store.ts';

/** HTTP status of what Google's client threw; undefined where no answer came. */
export function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : typeof code === 'string' && /^\d+$/.test(code) ? Number(code) : undefined;
}

/** What Google said, as an error of this program: its message names buckets, permissions and policies, no secrets. */
export function problemOf(name: string, error: unknown): Refused | NotAuthorised | StoreError {
  const code = codeOf(error);
  const said = error instanceof Error ? error.message : String(error);
  if (code === 401 || code === 403) {
    return new NotAuthorised(`gs://${name}: ${said}`, {
      cause: error,
      hint: 'docs/gcp.md lists the roles that the trust needs.',
    });
  }
  if (code === 412 && /constraint|organization polic/i.test(said)) {
    return new Refused('bucket', `gs://${name}: ${said}`, {
      cause: error,
      hint: 'docs/gcp.md lists the organisation policies that can be in the way.',
    });
  }
  const retryable = code === undefined || code === 429 || code >= 500;
  return new StoreError(`gs://${name}: ${said}`, { cause: error, retryable });
}
