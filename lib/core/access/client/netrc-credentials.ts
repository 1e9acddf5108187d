import { open } from 'node:fs/promises';
import { NotAuthorised } from '../../errors.ts';
import type { AccessCredentials } from './access-credentials.ts';
import { findNetrcEntry } from './parse-netrc.ts';

const largest = 1024 * 1024;

/**
 * The netrc entry of a host, sent as `Basic`, as curl sends it.
 * @param path absolute
 * @returns undefined where there is no such file, or it says nothing of exactly this host
 * @throws NotAuthorised for a file with such an entry that others than its owner can read
 */
export async function netrcCredentials(path: string, host: string): Promise<AccessCredentials | undefined> {
  const file = await readIfThere(path);
  if (file === undefined) return undefined;
  const entry = findNetrcEntry(file.text, host);
  if (entry === undefined) return undefined;
  const kind = `the netrc entry for ${host}`;
  if ((file.mode & 0o077) !== 0 && process.platform !== 'win32') {
    const mode = (file.mode & 0o777).toString(8);
    throw new NotAuthorised(`${kind} is not used: others than you can read the file (mode ${mode})`, {
      hint: 'chmod 600 it, and replace the token: it may be known.',
    });
  }
  const value = Buffer.from(`${entry.login}:${entry.password}`).toString('base64');
  return {
    kind,
    headers: async () => ({ authorization: `Basic ${value}` }),
    renew: async () => false,
  };
}

async function readIfThere(path: string): Promise<{ readonly text: string; readonly mode: number } | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      // Of the file that is open, not of whatever has its name by then.
      const { mode, size } = await handle.stat();
      if (size > largest) return undefined;
      return { text: await handle.readFile('utf8'), mode };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new NotAuthorised(`the netrc file cannot be read (${code})`, {
      hint: 'Correct it, or set NETRC to another.',
    });
  }
}
