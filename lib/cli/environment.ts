import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';

/** What the process environment says, read in this one place. An empty value counts as unset. */
export interface Environment {
  /** `HF_TOKEN`, else `HUGGING_FACE_HUB_TOKEN`. */
  readonly hfToken: string | undefined;
  /** `HF_ENDPOINT`; `https://huggingface.co` by default. */
  readonly hfEndpoint: URL;
  readonly githubToken: string | undefined;
  /** `GITHUB_API_URL`; `https://api.github.com` by default. */
  readonly githubApiUrl: URL;
  /** Proxy for `https:` and for `http:` targets. */
  readonly httpsProxy: URL | undefined;
  readonly httpProxy: URL | undefined;
  /** `NO_PROXY` as written: hosts, `.suffixes`, `host:port`, or `*`, separated by commas. */
  readonly noProxy: string | undefined;
  /** PEM files of `SSL_CERT_FILE` and `NODE_EXTRA_CA_CERTS`, trusted in addition to Node's own list. */
  readonly caFiles: readonly CertificateFile[];
  readonly noColor: boolean;
  /** Running in continuous integration: no live display. */
  readonly ci: boolean;
  readonly term: string | undefined;
  /** Absolute folder where `pull` keeps files without `--into`. */
  readonly cache: string;
  /** `WEIGHBRIDGE_SKIP_DOWNLOAD`: no network. */
  readonly skipDownload: boolean;
  /** `DEBUG` names weighbridge: unexpected errors show their stack. */
  readonly debug: boolean;
}

/** A PEM file, and the variable that names it. */
export interface CertificateFile {
  readonly variable: string;
  readonly path: string;
}

/** Variables as the process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads everything that Weighbridge honours.
 * @param variables those of the process, usually
 * @throws UsageError naming a variable whose value cannot be used; never showing a secret value.
 */
export function readEnvironment(variables: Variables): Environment {
  return {
    hfToken: token(variables, 'HF_TOKEN') ?? token(variables, 'HUGGING_FACE_HUB_TOKEN'),
    hfEndpoint: endpoint(variables, 'HF_ENDPOINT') ?? new URL('https://huggingface.co'),
    githubToken: token(variables, 'GITHUB_TOKEN'),
    githubApiUrl: endpoint(variables, 'GITHUB_API_URL') ?? new URL('https://api.github.com'),
    httpsProxy: proxy(variables, 'HTTPS_PROXY'),
    httpProxy: proxy(variables, 'HTTP_PROXY'),
    noProxy: set(variables, 'no_proxy') ?? set(variables, 'NO_PROXY'),
    caFiles: ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'].flatMap((name) => certificateFile(variables, name)),
    noColor: set(variables, 'NO_COLOR') !== undefined,
    ci: flag(variables, 'CI'),
    term: set(variables, 'TERM'),
    cache: cacheFolder(variables),
    skipDownload: flag(variables, 'WEIGHBRIDGE_SKIP_DOWNLOAD'),
    debug: /(^|[\s,])(\*|weighbridge)/.test(set(variables, 'DEBUG') ?? ''),
  };
}

function set(variables: Variables, name: string): string | undefined {
  const value = variables[name]?.trim();
  return value === '' ? undefined : value;
}

function flag(variables: Variables, name: string): boolean {
  const value = set(variables, name)?.toLowerCase();
  return value !== undefined && !['0', 'false', 'no', 'off'].includes(value);
}

function certificateFile(variables: Variables, variable: string): CertificateFile[] {
  const path = set(variables, variable);
  return path === undefined ? [] : [{ variable, path }];
}

/** A token goes into a header: anything but printable ASCII would be refused there, with the value in the message. */
function token(variables: Variables, name: string): string | undefined {
  const value = set(variables, name);
  if (value !== undefined && !/^[\x21-\x7e]+$/.test(value)) {
    throw new UsageError(`${name} is not a token: it holds blanks or characters that no token has`, {
      hint: `Set ${name} to the token alone, or unset it.`,
    });
  }
  return value;
}

function endpoint(variables: Variables, name: string): URL | undefined {
  const value = set(variables, name);
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const usable = url !== undefined && isHttp(url) && url.username === '' && url.password === '';
  if (!usable || url.search !== '' || url.hash !== '') {
    throw new UsageError(`${name} is not the base of an http(s) URL`, {
      hint: `Give it as https://host[:port][/path], without user, query or fragment, or unset ${name}.`,
    });
  }
  return url;
}

/** Lower case wins, as in curl; a proxy without a scheme is `http://`, as in curl. */
function proxy(variables: Variables, name: string): URL | undefined {
  const lower = name.toLowerCase();
  const used = set(variables, lower) === undefined ? name : lower;
  const value = set(variables, used);
  if (value === undefined) return undefined;
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || !isHttp(url) || url.hostname === '') {
    throw new UsageError(`${used} is not the URL of an http(s) proxy`, {
      hint: `Give it as http://[user:password@]host:port, or unset ${used}.`,
    });
  }
  return url;
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function cacheFolder(variables: Variables): string {
  const named = set(variables, 'WEIGHBRIDGE_CACHE');
  if (named !== undefined) return resolve(named);
  const base = set(variables, 'XDG_CACHE_HOME');
  return join(base === undefined ? join(homedir(), '.cache') : resolve(base), 'weighbridge');
}
