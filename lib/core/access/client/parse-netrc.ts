/** What a netrc file says of one host. */
export interface NetrcEntry {
  readonly login: string;
  readonly password: string;
}

const keys = new Set(['machine', 'login', 'password', 'account']);

/**
 * The entry of exactly this host; `default` is not one: a password for everybody is for nobody in particular.
 * The format is that of ftp(1), with double quotes as in curl. The first entry that has a password wins.
 */
export function findNetrcEntry(text: string, host: string): NetrcEntry | undefined {
  let entry: { machine?: string; login?: string; password?: string } = {};
  const found = () =>
    entry.machine?.toLowerCase() === host.toLowerCase() && entry.password !== undefined
      ? { login: entry.login ?? '', password: entry.password }
      : undefined;
  for (const { key, value } of fields(text)) {
    if (key !== 'machine' && key !== 'default') {
      entry = { ...entry, [key]: value };
      continue;
    }
    const before = found();
    if (before !== undefined) return before;
    entry = key === 'machine' ? { machine: value } : {};
  }
  return found();
}

/** Without comments, and without macros, which run to the next blank line. */
function* fields(text: string): Generator<{ readonly key: string; readonly value: string }> {
  let key: string | undefined;
  let inMacro = false;
  for (const line of text.split(/\r?\n/)) {
    if (inMacro) {
      inMacro = line.trim() !== '';
      continue;
    }
    for (const [, quoted, plain = ''] of line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
      if (key !== undefined) {
        yield { key, value: quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1') };
        key = undefined;
      } else if (plain.startsWith('#')) {
        break;
      } else if (plain === 'macdef') {
        inMacro = true;
        break;
      } else if (plain === 'default') {
        yield { key: 'default', value: '' };
      } else if (keys.has(plain)) {
        key = plain;
      }
    }
  }
}
