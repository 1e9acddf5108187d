import type { Deployment } from '../../contract/cloud/deployment.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import { type OwnBuckets, sourceRefusal } from '../pipeline/source-refusal.ts';
import { refusalHint } from '../pipeline/source-rules.ts';
import { tokenGrants } from '../pipeline/token-grants.ts';
import { type ResolvedSource, type Source, SourceError } from '../sources/source.ts';
import type { SourceRef } from '../sources/source-ref.ts';
import { deploymentGrants } from './check-submission.ts';

const hub = 'https://huggingface.co';
const gitHub = 'https://api.github.com';

/** How a plan made without the pipeline's tokens sees sources. */
export interface PlannedSourcePorts {
  readonly deployment: Deployment;
  readonly own: OwnBuckets;
  /** The source as anybody sees it. */
  open(ref: SourceRef, spec: ArtifactSpec): Source;
  /** Told of each source that only the pipeline can ask. */
  onUnchecked(id: string, uri: string): void;
}

/**
 * The sources of an artifact as the pipeline would take them: what is not granted is refused, and what answers only to
 * a token or right that the pipeline has is believed to be there.
 */
export function plannedSources(
  spec: ArtifactSpec,
  { access }: Pick<Manifest, 'access'>,
  ports: PlannedSourcePorts,
): readonly Source[] {
  const { deployment, own } = ports;
  return spec.sources.map((ref) => {
    const refusal = sourceRefusal(ref, access, deploymentGrants(deployment), own);
    if (refusal !== undefined) {
      const hint = refusalHint(refusal);
      const error = new SourceError('forbidden', refusal.reason, hint === undefined ? {} : { hint });
      return { uri: ports.open(ref, spec).uri, resolve: () => Promise.reject(error) };
    }
    const source = ports.open(ref, spec);
    return hasKey(ref, access, deployment) ? believed(source, spec, ports) : source;
  });
}

/** Has the pipeline a token or right for this source, and for bytes of that access? */
function hasKey(ref: SourceRef, access: Manifest['access'], { sources }: Deployment): boolean {
  const origin = originOf(ref);
  // Buckets that are granted are read by the pipeline's own role.
  if (origin === undefined) return ref.scheme === 's3' || ref.scheme === 'gs';
  const grants = tokenGrants(sources.tokens).filter((grant) => access === 'private' || grant.for === 'any');
  return grants.some(({ origins }) => origins.includes(origin));
}

function originOf(ref: SourceRef): string | undefined {
  if (ref.scheme === 'https') return ref.url.origin;
  if (ref.scheme === 'hf') return hub;
  return ref.scheme === 'github' ? gitHub : undefined;
}

function believed(source: Source, spec: ArtifactSpec, ports: PlannedSourcePorts): Source {
  return {
    uri: source.uri,
    async resolve(signal): Promise<ResolvedSource> {
      try {
        return await source.resolve(signal);
      } catch (error) {
        const closed = error instanceof SourceError && (error.outcome === 'gated' || error.outcome === 'unauthorised');
        if (!closed) throw error;
        ports.onUnchecked(spec.id, source.uri);
        return unseen(source.uri, spec);
      }
    },
  };
}

function unseen(source: string, { size }: ArtifactSpec): ResolvedSource {
  const nothing = { version: undefined, revision: undefined, sha256: undefined, mediaType: undefined };
  return {
    description: { source, size, ...nothing },
    ranges: true,
    cheapToReread: false,
    // biome-ignore lint/correctness/useYield: a plan reads no bytes.
    async *read() {
      throw new SourceError('unauthorised', `${source} is read by the pipeline alone`);
    },
  };
}
