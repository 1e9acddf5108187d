import { inboxKey } from '../../contract/cloud/state-keys.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { OpenBucket } from '../sources/bucket-object-source.ts';
import { InboxSource } from '../sources/inbox-source.ts';
import { openSource, type SourcePorts } from '../sources/open-source.ts';
import { PrivateBuckets } from '../sources/private-buckets.ts';
import { type Source, SourceError } from '../sources/source.ts';
import type { SourceCache } from '../sources/source-cache.ts';
import type { SourceRef } from '../sources/source-ref.ts';
import { parseBucketUrl } from '../stores/bucket-url.ts';
import type { Store } from '../stores/store.ts';
import type { SourceUse } from './pipeline-ports.ts';
import {
  type GrantConfiguration,
  type OwnBuckets,
  type SourceRefusal,
  sourceRefusal,
  spokenSource,
} from './source-refusal.ts';
import { refusalHint } from './source-rules.ts';
import { withheldTokens } from './token-grants.ts';

/** What the sources of one pass need from outside. */
export interface GrantedSourcePorts {
  readonly configuration: GrantConfiguration;
  readonly own: OwnBuckets;
  /** Knows the tokens; which of them must not be used is said here. */
  readonly http: HttpClient;
  readonly openBucket: OpenBucket;
  /** The state bucket, whole. */
  readonly inbox: Store;
  /** Of this pass. */
  readonly cache: SourceCache;
  /** Of this pass. */
  readonly privateBuckets: PrivateBuckets;
}

/** Mirrors of private releases, as what becomes public is checked against them. */
export function privateMirrors({ gcs }: GrantConfiguration, own: OwnBuckets): PrivateBuckets {
  const urls = [...own.private, ...(gcs?.private === undefined ? [] : [`gs://${gcs.private.name}`])];
  return new PrivateBuckets(urls.map(parseBucketUrl).filter((url) => url !== undefined));
}

/**
 * The sources of an artifact, in the manifest's order. Nothing is asked yet and nothing thrown: one that is not
 * granted throws a `SourceError` with the outcome `forbidden` when it is resolved.
 */
export function openGrantedSources(
  spec: ArtifactSpec,
  { publisher, access }: SourceUse,
  granted: GrantedSourcePorts,
): readonly Source[] {
  const { configuration, own, inbox, http, cache, openBucket, privateBuckets } = granted;
  const ports: SourcePorts = {
    http,
    cache,
    openBucket,
    // No folder of this machine holds sources: those go through the inbox.
    manifestDirectory: '/nowhere',
    ...(access === 'public' ? { privateBuckets, withheldOrigins: withheldTokens(configuration.sources.tokens) } : {}),
  };
  return spec.sources.map((ref) => {
    const refusal = sourceRefusal(ref, access, configuration, own);
    if (refusal !== undefined) return refusedSource(ref, refusal);
    if (ref.scheme !== 'file') return openSource(ref, ports, spec);
    return new InboxSource(ref, { inbox, expect: spec, keyFor: (sha256) => inboxKey(publisher, access, sha256) });
  });
}

function refusedSource(ref: SourceRef, refusal: SourceRefusal): Source {
  const hint = refusalHint(refusal);
  const error = new SourceError('forbidden', refusal.reason, hint === undefined ? {} : { hint });
  return { uri: spokenSource(ref), resolve: () => Promise.reject(error) };
}
