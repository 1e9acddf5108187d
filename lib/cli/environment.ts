import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { type AccessEnvironment, readAccessEnvironment } from './access-environment.ts';
import { type BuildEnvironment, readBuildEnvironment } from './build-environment.ts';
import {
  type AwsEnvironment,
  type GoogleEnvironment,
  readAwsEnvironment,
  readGoogleEnvironment,
} from './cloud-environment.ts';
import {
  type CertificateFile,
  certificateFile,
  endpoint,
  flag,
  isHttp,
  set,
  token,
  type Variables,
} from './variables.ts';

/** What the process environment says, read in this one place. An empty value counts as unset. */
export interface Environment {
  /** `HF_TOKEN`, else `HUGGING_FACE_HUB_TOKEN`. */
  readonly hfToken: string | undefined;
  /** `HF_ENDPOINT`; `https://huggingface.co` by default. */
  readonly hfEndpoint: URL;
  readonly githubToken: string | undefined;
  /** `GITHUB_API_URL`; `https://api.github.com` by default. */
  readonly githubApiUrl: URL;
  readonly aws: AwsEnvironment;
  readonly google: GoogleEnvironment;
  /** The access API, and who asks it. */
  readonly access: AccessEnvironment;
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
  /** What is being built, where that is told. */
  readonly build: BuildEnvironment;
  /** Absolute folder where `pull` keeps files without `--into`. */
  readonly cache: string;
  /** `WEIGHBRIDGE_SKIP_DOWNLOAD`: no network. */
  readonly skipDownload: boolean;
  /** `DEBUG` names weighbridge: unexpected errors show their stack. */
  readonly debug: boolean;
  /** The value of a variable that `credentials` in weighbridge.yaml names. @throws UsageError for one that no header holds. */
  credential(variable: string): string | undefined;
}

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
    aws: readAwsEnvironment(variables),
    google: readGoogleEnvironment(variables),
    access: readAccessEnvironment(variables),
    httpsProxy: proxy(variables, 'HTTPS_PROXY'),
    httpProxy: proxy(variables, 'HTTP_PROXY'),
    noProxy: set(variables, 'no_proxy') ?? set(variables, 'NO_PROXY'),
    caFiles: ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'].flatMap((name) => certificateFile(variables, name)),
    noColor: set(variables, 'NO_COLOR') !== undefined,
    ci: flag(variables, 'CI'),
    term: set(variables, 'TERM'),
    build: readBuildEnvironment(variables),
    cache: cacheFolder(variables),
    skipDownload: flag(variables, 'WEIGHBRIDGE_SKIP_DOWNLOAD'),
    debug: /(^|[\s,])(\*|weighbridge)/.test(set(variables, 'DEBUG') ?? ''),
    credential: (variable) => headerValue(variables, variable),
  };
}

/** As it is written, blanks inside it included: `Bearer …` is a value too. */
function headerValue(variables: Variables, name: string): string | undefined {
  const value = set(variables, name);
  if (value !== undefined && !/^[\x20-\x7e]+$/.test(value)) {
    throw new UsageError(`${name} is no value for a header: it holds characters that a header cannot`, {
      hint: `Set ${name} to the credential alone, or unset it.`,
    });
  }
  return value;
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

function cacheFolder(variables: Variables): string {
  const named = set(variables, 'WEIGHBRIDGE_CACHE');
  if (named !== undefined) return resolve(named);
  const base = set(variables, 'XDG_CACHE_HOME');
  return join(base === undefined ? join(homedir(), '.cache') : resolve(base), 'weighbridge');
}
