import { artifactKey } from '../../contract/keys.ts';
import { WeighbridgeError } from '../errors.ts';
import { readRegistry } from '../registry/registry-file.ts';
import { checkRelease } from '../stage/check-release.ts';
import { lackOfRoom } from '../stage/check-room.ts';
import type { Plan } from '../stage/plan.ts';
import { copyRequests, predictRequests, requestsSince, sumOf, uploadRequests } from '../stage/predict-requests.ts';
import type { StagePorts, StageRequest } from '../stage/stage-ports.ts';
import { surveyRelease } from '../stage/survey.ts';
import type { Store } from '../stores/store.ts';
import { checkSizes } from './check-replica.ts';

/** What a replica would receive once the primary has the release. */
export interface ReplicaPlan {
  readonly store: string;
  /** `unusable`: it cannot be read, belongs to the other access class, or holds other content; `reason` says which. */
  readonly state: 'new' | 'present' | 'repair' | 'unusable';
  /** Artifacts that would be copied into it from the primary. */
  readonly artifacts: number;
  readonly bytes: { readonly copy: number; readonly present: number };
  /** Requests to this store by kind; an estimate where transfers are retried. */
  readonly requests: Plan['requests'];
  /** Requests to the primary for what would be copied from it, by kind; in the primary's own figures as well. */
  readonly reads: Plan['requests'];
  readonly reason?: string;
}

/** Looks at a replica without writing anything; that it can be written to is only known once it is. */
export async function planReplica(
  store: Store,
  request: StageRequest,
  plan: Plan,
  ports: Pick<StagePorts, 'state'>,
): Promise<ReplicaPlan> {
  try {
    return await lookAt(store, request, plan, ports);
  } catch (error) {
    if (!(error instanceof WeighbridgeError)) throw error;
    const nothing = { artifacts: 0, bytes: { copy: 0, present: 0 }, requests: {}, reads: {} };
    return { store: store.url, state: 'unusable', ...nothing, reason: error.message };
  }
}

async function lookAt(
  store: Store,
  { manifest }: StageRequest,
  plan: Plan,
  { state }: Pick<StagePorts, 'state'>,
): Promise<ReplicaPlan> {
  const before = { ...store.requests };
  const survey = await surveyRelease(store, manifest, (await readRegistry(store))?.registry);
  checkRelease(manifest, survey, store.url);
  const had = plan.artifacts.filter(({ action }) => action === 'fetch' || action === 'copy' || action === 'present');
  const wanted = had.filter(({ file }) => !survey.objects.has(file));
  checkSizes(store, wanted);
  const digests = new Map(manifest.artifacts.map(({ file, sha256 }) => [file, sha256?.hex ?? '']));
  const arriving = wanted.map(({ file, size }) => ({
    key: artifactKey(manifest.collection, manifest.version, file),
    size: size ?? 0,
    sha256: digests.get(file) ?? '',
  }));
  const full = await lackOfRoom(store, arriving, state);
  if (full !== undefined) throw full;
  const listed = survey.release !== undefined && survey.entry !== undefined;
  const sum = (artifacts: typeof had) => artifacts.reduce((total, { size }) => total + (size ?? 0), 0);
  const copy = sum(wanted);
  return {
    store: store.url,
    state: !listed ? 'new' : wanted.length === 0 ? 'present' : 'repair',
    artifacts: wanted.length,
    bytes: { copy, present: sum(had) - copy },
    requests: predictRequests(
      store,
      survey,
      wanted.map(({ size }) => uploadRequests(size ?? 0, store)),
      requestsSince(before, store.requests),
    ),
    reads: sumOf(wanted.map(({ size }) => copyRequests(size ?? 0, store))),
  };
}
