import { isIP } from 'node:net';
import type { RuntimeConfiguration } from '../../contract/cloud/deployment.ts';
import { classifyAddress } from '../http/address-class.ts';
import { bareHost } from '../http/origin-rules.ts';
import { redact } from '../http/redact.ts';
import type { Access } from '../manifest/manifest.ts';
import type { GoogleStorageRef, S3Ref, SourceRef } from '../sources/source-ref.ts';
import { coversHost, coversKey, coversOwner } from './grant-patterns.ts';

/** Why the pipeline may not read a source. */
export interface SourceRefusal {
  readonly reason: string;
  /** Lines that weighbridge.yaml would need; none where nothing helps. */
  readonly lines: readonly string[];
}

/** Buckets of the deployment itself, as `s3://name` or `gs://name`. */
export interface OwnBuckets {
  /** Never a source: what others sent is in it. */
  readonly state?: string;
  /** Sources of private releases at most. */
  readonly private: readonly string[];
}

export const noOwnBuckets: OwnBuckets = { private: [] };

export type GrantConfiguration = Pick<RuntimeConfiguration, 'sources' | 'trustedOrigins' | 'gcs'>;

/**
 * What can be told from the manifest alone: is this source granted in weighbridge.yaml for a release of that access?
 * Where names lead is checked when a connection is opened.
 * @returns undefined where it is granted, and for placeholders, which have an outcome of their own
 */
export function sourceRefusal(
  ref: SourceRef,
  access: Access,
  configuration: GrantConfiguration,
  own: OwnBuckets = noOwnBuckets,
): SourceRefusal | undefined {
  const { sources } = configuration;
  switch (ref.scheme) {
    case 'placeholder':
    case 'file':
      return undefined;
    case 'https':
      return refusedUrl(ref.url, configuration);
    case 'hf': {
      const owner = ref.repo.split('/')[0] ?? '';
      if (coversOwner(sources.huggingFace, owner)) return undefined;
      return {
        reason: `repositories of ${owner} on the Hugging Face Hub are not granted`,
        lines: list('huggingFace', owner),
      };
    }
    case 'github':
      if (coversOwner(sources.github, ref.owner)) return undefined;
      return { reason: `repositories of ${ref.owner} on GitHub are not granted`, lines: list('github', ref.owner) };
    case 's3':
    case 'gs':
      return refusedBucket(ref, access, configuration, own);
  }
}

/** A source as messages may show it. */
export function spokenSource(ref: SourceRef): string {
  return ref.scheme === 'https' ? redact(ref.url) : ref.uri;
}

function refusedUrl(url: URL, { sources, trustedOrigins }: GrantConfiguration): SourceRefusal | undefined {
  const host = bareHost(url);
  const place = isIP(host) === 0 ? namedPlace(host) : classifyAddress(host);
  if (place === 'never')
    return { reason: `${host} is a link-local or metadata address, which is never read`, lines: [] };
  const granted = coversHost(sources.hosts, host);
  const grants = granted ? [] : list('hosts', host);
  const trusted = trustedOrigins.some((origin) => new URL(origin).origin === url.origin);
  if (!trusted && (url.protocol !== 'https:' || place === 'private')) {
    const what = place === 'private' ? 'is at a private address' : 'is plain http';
    const lines = [...grants, 'trustedOrigins:', `  - ${quoted(url.origin)}`];
    return { reason: `${url.origin} ${what} and no trusted origin`, lines };
  }
  return granted ? undefined : { reason: `the host ${host} is not granted`, lines: grants };
}

/** Names that lead inside wherever they are resolved. */
function namedPlace(host: string): 'public' | 'private' | 'never' {
  const name = host.replace(/\.$/, '');
  if (name === 'metadata.google.internal' || name === 'instance-data') return 'never';
  return name === 'localhost' || name.endsWith('.localhost') ? 'private' : 'public';
}

function refusedBucket(
  { scheme, bucket, key }: S3Ref | GoogleStorageRef,
  access: Access,
  { sources, gcs }: GrantConfiguration,
  own: OwnBuckets,
): SourceRefusal | undefined {
  const url = `${scheme}://${bucket}`;
  if (url === own.state)
    return { reason: `${url} holds the working state of the deployment, which is no source`, lines: [] };
  const privateMirrors = [...own.private, ...(gcs?.private === undefined ? [] : [`gs://${gcs.private.name}`])];
  if (access === 'public' && privateMirrors.includes(url)) {
    return { reason: `${url} is the mirror of private releases, and this release is public`, lines: [] };
  }
  const granted = sources.buckets.filter((grant) => grant.bucket === url && coversKey(grant, key));
  if (granted.some((grant) => access === 'private' || grant.for === 'any')) return undefined;
  const folder = key.includes('/') ? `${key.slice(0, key.lastIndexOf('/') + 1)}*` : key;
  const keys = granted[0]?.keys ?? [folder];
  const use = access === 'public' ? ['      for: any'] : [];
  const lines = [
    'sources:',
    '  buckets:',
    `    - bucket: ${url}`,
    `      keys: [${keys.map(quoted).join(', ')}]`,
    ...use,
  ];
  if (granted.length === 0) return { reason: `${url}/${key} is not granted`, lines };
  return { reason: `${url} is granted for private releases, and this release is public`, lines };
}

function list(field: 'hosts' | 'huggingFace' | 'github', value: string): string[] {
  return ['sources:', `  ${field}:`, `    - ${quoted(value)}`];
}

/** As JSON, which is YAML too: values come from manifests. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
