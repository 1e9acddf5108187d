import { open } from 'node:fs/promises';
import { NotAuthorised } from '../../errors.ts';
import type { AccessCredentials } from './access-credentials.ts';
import { bearer, checkToken, longestToken } from './bearer-token.ts';

/**
 * A token in a file that somebody else keeps fresh, such as the projected token of a Kubernetes service account: it
 * is read for every request, because the old one ends soon after the new one is there.
 */
export class TokenFile implements AccessCredentials {
  readonly kind: string;
  readonly #path: string;
  #last: string | undefined;

  /**
   * @param path absolute
   * @param variable that named it
   */
  constructor(path: string, variable: string) {
    this.kind = `the token in the file of ${variable}`;
    this.#path = path;
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    this.#last = await this.#read();
    return bearer(this.#last);
  }

  /** Rotated in the moment between reading and asking? */
  async renew(): Promise<boolean> {
    return (await this.#read()) !== this.#last;
  }

  async #read(): Promise<string> {
    const bytes = await readBounded(this.#path, longestToken + 2).catch((cause: NodeJS.ErrnoException) => {
      const words = cause.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${cause.code})`;
      throw new NotAuthorised(`${this.kind}: ${words}`, { hint: 'Mount or write it first, or unset the variable.' });
    });
    return checkToken(bytes.toString('latin1').trim(), this.kind);
  }
}

/** At most so many bytes of a file, whatever its size says: it may be a device. */
async function readBounded(path: string, limit: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(limit), 0, limit, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
