import { UsageError } from '../core/errors.ts';

/** Variables as the process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A PEM file, and the variable that names it. */
export interface CertificateFile {
  readonly variable: string;
  readonly path: string;
}

/** The value without blanks around it; an empty one counts as unset. */
export function set(variables: Variables, name: string): string | undefined {
  const value = variables[name]?.trim();
  return value === '' ? undefined : value;
}

export function flag(variables: Variables, name: string): boolean {
  const value = set(variables, name)?.toLowerCase();
  return value !== undefined && !['0', 'false', 'no', 'off'].includes(value);
}

export function certificateFile(variables: Variables, variable: string): CertificateFile[] {
  const path = set(variables, variable);
  return path === undefined ? [] : [{ variable, path }];
}

/**
 * The base of an http(s) URL.
 * @param scheme put in front of a value that has none, such as `http`
 * @throws UsageError that names the variable and not its value.
 */
export function endpoint(variables: Variables, name: string, scheme?: string): URL | undefined {
  const value = set(variables, name);
  if (value === undefined) return undefined;
  const written = scheme === undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `${scheme}://${value}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const usable = url !== undefined && isHttp(url) && url.username === '' && url.password === '';
  if (!usable || url.search !== '' || url.hash !== '') {
    throw new UsageError(`${name} is not the base of an http(s) URL`, {
      hint: `Give it as https://host[:port][/path], without user, query or fragment, or unset ${name}.`,
    });
  }
  return url;
}

export function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

/**
 * A token goes into a header: anything but printable ASCII would be refused there, with the value in the message.
 * @throws UsageError that names the variable and not its value.
 */
export function token(variables: Variables, name: string): string | undefined {
  const value = set(variables, name);
  if (value !== undefined && !/^[\x21-\x7e]+$/.test(value)) {
    throw new UsageError(`${name} is not a token: it holds blanks or characters that no token has`, {
      hint: `Set ${name} to the token alone, or unset it.`,
    });
  }
  return value;
}
