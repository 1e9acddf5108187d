import { WeighbridgeError as Base, NotAuthorised, Refused, type WeighbridgeError } from '../errors.ts';
import { StoreError } from './store.ts';

/** The `code` of an operating system error, undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Nothing is at that path. A file where a folder was expected means the same to somebody who asks for a key. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

const worth: Readonly<Record<string, { readonly says: string; readonly hint?: string; readonly retryable?: boolean }>> =
  {
    ENOSPC: { says: 'no space is left on the device', hint: 'Free some space and run the command again.' },
    EDQUOT: { says: 'the disk quota is used up', hint: 'Free some space and run the command again.' },
    EFBIG: { says: 'the file system takes no file of this size' },
    EROFS: { says: 'the file system is read-only' },
    ENAMETOOLONG: { says: 'the name is too long for the file system' },
    EILSEQ: { says: 'the file system does not take this name' },
    EEXIST: {
      says: 'what is there is not a folder',
      hint: 'Name another directory, or move away what has its name.',
    },
    EXDEV: {
      says: 'a part of the directory is another file system',
      hint: 'Mount the file system at the root of the mirror.',
    },
    EIO: { says: 'the device failed (input/output error)', retryable: true },
    EMFILE: { says: 'too many files are open', retryable: true },
    ENFILE: { says: 'too many files are open', retryable: true },
    ENOENT: { says: 'a file vanished while it was in use', retryable: true },
  };

/**
 * What an operating system error means to a caller. The message and its cause name the key, never a local
 * path, because both end in reports.
 * @param doing What was attempted, as in "writing a/1/b".
 */
export function fileError(error: unknown, doing: string, key: string): WeighbridgeError {
  if (error instanceof Base) return error;
  const code = errorCode(error);
  if (code === undefined) throw error;
  const cause = new Error(code);
  const evidence = { key, code };
  if (code === 'EACCES' || code === 'EPERM') {
    return new NotAuthorised(`${doing}: the file system denies access`, { cause, evidence });
  }
  if (code === 'ENOTDIR' || code === 'EISDIR') {
    return new Refused('names-collide', `${doing}: a file and a folder would have the same name`, { cause, evidence });
  }
  const known = worth[code];
  return new StoreError(`${doing}: ${known?.says ?? code}`, {
    cause,
    evidence,
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    ...(known?.retryable === undefined ? {} : { retryable: known.retryable }),
  });
}

/** Runs `work` and gives its operating system errors their meaning. */
export async function explained<T>(doing: string, key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, doing, key);
  }
}

/** The same for a stream. */
export async function* explainedStream<T>(doing: string, key: string, stream: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* stream;
  } catch (error) {
    throw fileError(error, doing, key);
  }
}
