import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { GcsBucketOptions, S3BucketOptions } from '../contract/bucket-configuration.ts';
import type { ConfigurationDocument } from '../contract/configuration.ts';
import { UsageError } from '../core/errors.ts';
import type { TokenName } from '../core/sources/withheld-credential.ts';

export type AccessClass = 'public' | 'private';

/** Where releases of one access class go. */
export interface ConfiguredStores {
  /** Store URL; `file:` paths are relative to the folder that the command runs in. */
  readonly primary: string;
  /** Store URLs, likewise; what is proven in the primary is copied there. */
  readonly replicas: readonly string[];
  /** Written in weighbridge.yaml, not the default: such a store refuses the other access class even while empty. */
  readonly configured: boolean;
}

/** A header for exactly one origin, its value in a variable of the environment. */
export interface ConfiguredCredential {
  readonly origin: string;
  /** Lower case. */
  readonly header: string;
  /** Put in front of the value with a blank, such as `Bearer`. */
  readonly scheme: string | undefined;
  /** Name of the variable. */
  readonly variable: string;
  /** What bytes fetched with it may become part of. */
  readonly use: 'private' | 'any';
}

/** `weighbridge.yaml` with its defaults filled in. */
export interface Configuration {
  /** The file it was read from, relative to the working folder; undefined where there is none. */
  readonly file: string | undefined;
  readonly stores: Readonly<Record<AccessClass, ConfiguredStores>>;
  /** A folder, relative to the one that the command runs in, or a bucket URL; undefined: the command's own default. */
  readonly state: string | undefined;
  /** By `s3://bucket` or `gs://bucket`; each holds options of its kind of bucket. */
  readonly buckets: Readonly<Record<string, S3BucketOptions | GcsBucketOptions>>;
  readonly credentials: readonly ConfiguredCredential[];
  /** Origins (`scheme://host[:port]`) of the file and of `--trust-origin`. */
  readonly trustedOrigins: readonly string[];
  readonly placeholders: readonly string[];
  /** What bytes fetched with a token of the environment may be used for. */
  readonly tokens: Readonly<Record<TokenName, 'private' | 'any'>>;
  /** Artifacts at the same time; undefined: the command's own default. */
  readonly concurrency: number | undefined;
}

export interface ConfigurationRequest {
  /** Absolute working folder. */
  readonly cwd: string;
  /** `--config`: exactly this file, relative to `cwd`. */
  readonly file?: string | undefined;
  /** `--trust-origin`. */
  readonly trustedOrigins?: readonly string[];
}

export const configurationName = 'weighbridge.yaml';

/**
 * Reads the nearest `weighbridge.yaml`, from the working folder upwards to the root of its Git work tree
 * (outside of one: the working folder alone), or the one that `--config` names.
 * @throws UsageError when `--config` names no readable file.
 * @throws InvalidFile with every problem of the file.
 */
export async function loadConfiguration(request: ConfigurationRequest): Promise<Configuration> {
  const path = request.file === undefined ? findConfiguration(request.cwd) : resolve(request.cwd, request.file);
  const trusted = request.trustedOrigins ?? [];
  if (path === undefined) return complete({}, undefined, request.cwd, request.cwd, trusted);
  const name = relative(request.cwd, path);
  const text = await readText(path, name);
  // Loaded only now: the parser and its schema cost more than the rest of the start-up.
  const { parseConfiguration } = await import('./configuration-file.ts');
  return complete(parseConfiguration(text, name), name, dirname(path), request.cwd, trusted);
}

function findConfiguration(cwd: string): string | undefined {
  const beside = join(cwd, configurationName);
  if (existsSync(beside)) return beside;
  const passed: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    passed.push(join(folder, configurationName));
    if (existsSync(join(folder, '.git'))) return passed.find((candidate) => existsSync(candidate));
    if (folder === dirname(folder)) return undefined;
  }
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the configuration file ${name}`, {
      cause: error,
      hint: 'Check what --config names, or leave it out to use the nearest weighbridge.yaml.',
    });
  }
}

function complete(
  document: ConfigurationDocument,
  file: string | undefined,
  folder: string,
  cwd: string,
  trustedOrigins: readonly string[],
): Configuration {
  return {
    file,
    stores: {
      public: storesOf(document.stores?.public, 'file:./mirror', folder, cwd),
      private: storesOf(document.stores?.private, 'file:./mirror-private', folder, cwd),
    },
    state: stateLocation(document.state, folder, cwd),
    buckets: document.buckets ?? {},
    credentials: Object.entries(document.credentials ?? {}).map(([url, written]) => ({
      origin: new URL(url).origin,
      header: (written.header ?? 'authorization').toLowerCase(),
      scheme: written.scheme,
      variable: written.env,
      use: written.for ?? 'private',
    })),
    trustedOrigins: [...(document.trustedOrigins ?? []), ...trustedOrigins].map((origin) => new URL(origin).origin),
    placeholders: document.placeholders ?? [],
    tokens: {
      HF_TOKEN: document.tokens?.HF_TOKEN?.for ?? 'private',
      GITHUB_TOKEN: document.tokens?.GITHUB_TOKEN?.for ?? 'private',
      AWS: document.tokens?.AWS?.for ?? 'private',
      GOOGLE: document.tokens?.GOOGLE?.for ?? 'private',
    },
    concurrency: document.concurrency,
  };
}

type WrittenStores = NonNullable<ConfigurationDocument['stores']>['public'];

function storesOf(written: WrittenStores, preset: string, folder: string, cwd: string): ConfiguredStores {
  const { primary, replicas = [] } = typeof written === 'object' ? written : { primary: written ?? preset };
  return {
    primary: seenFrom(cwd, folder, primary),
    replicas: replicas.map((url) => seenFrom(cwd, folder, url)),
    configured: written !== undefined,
  };
}

function stateLocation(written: string | undefined, folder: string, cwd: string): string | undefined {
  if (written === undefined || /^(?:s3|gs):/.test(written) || isAbsolute(written)) return written;
  return relative(cwd, resolve(folder, written)) || '.';
}

/** A `file:` URL relative to `folder`, as one relative to `cwd`: as written where the two are the same. */
function seenFrom(cwd: string, folder: string, url: string): string {
  if (folder === cwd || !url.startsWith('file:') || url.startsWith('file:/')) return url;
  const path = relative(cwd, resolve(folder, url.slice('file:'.length))) || '.';
  return path.startsWith('.') ? `file:${path}` : `file:./${path}`;
}
