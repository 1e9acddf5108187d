import pLimit from 'p-limit';
import { inboxKey } from '../../contract/cloud/state-keys.ts';
import type { WeighbridgeError } from '../errors.ts';
import type { Access, ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import { retry } from '../retry.ts';
import { sentences } from '../sentences.ts';
import { type Source, SourceError } from '../sources/source.ts';
import { checkpointSlot } from '../stage/checkpoint-slot.ts';
import { CheckpointStore } from '../state/checkpoint.ts';
import { destinationOf } from '../state/destination.ts';
import { acquireLease } from '../state/lease.ts';
import { processIdentity } from '../state/process-identity.ts';
import type { StateStore } from '../state/state-store.ts';
import { type Store, StoreError } from '../stores/store.ts';
import type { TransferPorts } from '../transfer/transfer-job.ts';
import { transferObject } from '../transfer/transfer-object.ts';
import { unlessRefused } from './not-yet.ts';
import type { SentFiles } from './sent-files.ts';

/** Files that are sent at the same time: each of them reads and sends several ranges already. */
const filesAtOnce = 2;

export interface InboxRequest {
  readonly manifest: Manifest;
  readonly publisher: string;
  /** ULID of the attempt that they are sent for. */
  readonly attempt: string;
  /** The state bucket, as one that is only written to. */
  readonly inbox: Store;
  /** The same, for who may look into it as well. */
  readonly bucket: Store;
  readonly sent: SentFiles;
}

export interface InboxPorts extends Omit<TransferPorts, 'onFetched'> {
  /** Where checkpoints of uploads are kept. */
  readonly state: StateStore;
  /** The `file:` sources of an artifact, in the manifest's order. */
  openFiles(spec: ArtifactSpec): readonly Source[];
}

/** A file that could not be sent, and is not needed: another source or a release without it will do. */
export interface NotSent {
  readonly id: string;
  readonly reason: string;
}

/** What became of one artifact. */
type Outcome = 'sent' | 'there' | { readonly error: WeighbridgeError };

/**
 * Sends the files that a manifest names on this machine to the publisher's inbox, each under its digest, proven on the
 * way and resumable. What is there already is not sent again.
 * @returns those that could not be sent, though the release may do without.
 * @throws SourceError naming the first required artifact that can be had nowhere else; StoreError, NotAuthorised.
 */
export async function sendToInbox(request: InboxRequest, ports: InboxPorts): Promise<readonly NotSent[]> {
  const { manifest } = request;
  const wanted = filesToSend(manifest);
  if (wanted.length === 0) return [];
  const { reporter, clock } = ports;
  const release = `${manifest.collection}@${manifest.version}`;
  const began = clock.now().getTime();
  reporter.emit({ type: 'run-started', job: 'send', release, artifacts: wanted.length });
  const bytes = wanted.reduce((sum, { size }) => sum + (size ?? 0), 0);
  reporter.emit({ type: 'planned', artifacts: wanted.length, bytes });
  const limit = pLimit(filesAtOnce);
  const looking = { allowed: true };
  const outcomes = await Promise.all(
    wanted.map((spec) => limit(async () => ({ spec, outcome: await sendOne(spec, request, ports, looking) }))),
  );
  const seconds = (clock.now().getTime() - began) / 1000;
  reporter.emit({ type: 'run-finished', release, state: 'done', seconds });
  const failed = outcomes.flatMap(({ spec, outcome }) => (typeof outcome === 'object' ? [{ spec, ...outcome }] : []));
  const fatal = failed.find(({ spec }) => spec.required && spec.sources.every(({ scheme }) => scheme === 'file'));
  if (fatal !== undefined) throw fatal.error;
  return failed.map(({ spec, error }) => ({ id: spec.id, reason: sentences([error.message, error.hint]) }));
}

/** Artifacts with a file on this machine, each digest once. */
export function filesToSend(manifest: Manifest): readonly ArtifactSpec[] {
  const first = new Map<string, ArtifactSpec>();
  for (const spec of manifest.artifacts) {
    const { sha256, sources } = spec;
    if (sha256 === undefined || first.has(sha256.hex) || !sources.some(({ scheme }) => scheme === 'file')) continue;
    first.set(sha256.hex, spec);
  }
  return [...first.values()];
}

/** Id under which this machine remembers that a file is in an inbox. */
export function inboxDestination(
  store: Store,
  state: StateStore,
  publisher: string,
  access: Access,
  sha256: string,
): string {
  return destinationOf(store, inboxKey(publisher, access, sha256), state);
}

async function sendOne(
  spec: ArtifactSpec,
  request: InboxRequest,
  ports: InboxPorts,
  looking: { allowed: boolean },
): Promise<Outcome> {
  const { reporter } = ports;
  ports.signal.throwIfAborted();
  try {
    const outcome = await firstThatWorks(spec, request, ports, looking);
    const state = outcome === 'sent' ? 'staged' : 'present';
    reporter.emit({ type: 'artifact-finished', id: spec.id, state, bytes: spec.size ?? 0 });
    return outcome;
  } catch (error) {
    ports.signal.throwIfAborted();
    // What is wrong with the bucket or the credentials is wrong for all of them.
    if (!(error instanceof SourceError)) throw error;
    reporter.emit({ type: 'artifact-finished', id: spec.id, state: 'failed', bytes: 0, reason: error.message });
    return { error };
  }
}

async function firstThatWorks(
  spec: ArtifactSpec,
  request: InboxRequest,
  ports: InboxPorts,
  looking: { allowed: boolean },
): Promise<'sent' | 'there'> {
  let failure: SourceError | undefined;
  for (const source of ports.openFiles(spec)) {
    try {
      return await sendFile(spec, source, request, ports, looking);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      failure = error;
    }
  }
  throw failure ?? new SourceError('missing', `${spec.id} has no file that could be sent`);
}

async function sendFile(
  spec: ArtifactSpec,
  source: Source,
  request: InboxRequest,
  ports: InboxPorts,
  looking: { allowed: boolean },
): Promise<'sent' | 'there'> {
  const { manifest, publisher, inbox, sent } = request;
  const { sha256 } = spec;
  if (sha256 === undefined) throw new TypeError(`${spec.id} has no digest`);
  const key = inboxKey(publisher, manifest.access, sha256.hex);
  const resolved = await retry(() => source.resolve(ports.signal), ports.retry, ports);
  const size = spec.size ?? resolved.description.size ?? 0;
  const destination = destinationOf(inbox, key, ports.state);
  if ((await sent.has(destination, size)) || (await isThere(request, key, size, looking))) return 'there';
  const { source: name } = resolved.description;
  ports.reporter.emit({ type: 'artifact-started', id: spec.id, bytes: size, source: name });
  const checkpoints = checkpointSlot(new CheckpointStore(ports.state), destination, { key, size, sha256: sha256.hex });
  const attributes = { contentType: 'application/octet-stream', metadata: { sha256: sha256.hex, size: String(size) } };
  const job = { id: spec.id, source: resolved, size, sha256, store: inbox, key, attributes, checkpoints };
  await alone(destination, size > inbox.limits.singlePut, request.attempt, ports, async (signal) => {
    // Another process of this machine may have sent it while this one waited for its turn.
    if (await sent.has(destination, size)) return;
    // Met by an object of that name, it is as good as sent: the pipeline proves the inbox like any source.
    await transferObject(job, { ...ports, signal, onFetched: () => undefined });
    await sent.add(destination, size);
  });
  return 'sent';
}

/** Asked only of who may look: a publisher may not, and learns it by the put. */
async function isThere(
  { bucket }: InboxRequest,
  key: string,
  size: number,
  looking: { allowed: boolean },
): Promise<boolean> {
  if (!looking.allowed) return false;
  const stat = await unlessRefused(async () => (await bucket.head(key)) ?? 'absent');
  if (stat === undefined) looking.allowed = false;
  if (stat === undefined || stat === 'absent') return false;
  if (stat.size === size) return true;
  throw new StoreError(`${key} of ${bucket.url} has ${stat.size} bytes instead of ${size}`, {
    hint: 'Somebody put other bytes there. Have an operator remove that object, and submit again.',
    evidence: { key, expected: size, actual: stat.size },
  });
}

/** One process of this machine at a time sends a large file. */
async function alone(
  destination: string,
  needed: boolean,
  attempt: string,
  { state, clock, signal, reporter }: InboxPorts,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (!needed) return await work(signal);
  const lease = await acquireLease(state, {
    key: destination,
    owner: { ...processIdentity(), attempt },
    clock,
    signal,
    onWait: ({ holder, seconds }) =>
      reporter.emit({ type: 'waiting', what: `process ${holder.pid}, which sends the same file`, seconds }),
  });
  try {
    await work(AbortSignal.any([signal, lease.lost]));
  } finally {
    await lease.release();
  }
}
