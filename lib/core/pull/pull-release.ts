import type { Clock } from '../clock.ts';
import { HashPool } from '../digest/hash-pool.ts';
import { WeighbridgeError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { loadRegistry } from '../mirror/load-registry.ts';
import { loadRelease } from '../mirror/load-release.ts';
import type { MirrorReader } from '../mirror/mirror-reader.ts';
import { type ReleaseRef, releaseName } from '../mirror/release-ref.ts';
import type { Release } from '../registry/records.ts';
import { defaultRetryPolicy, retry } from '../retry.ts';
import { fetchFile } from './fetch-file.ts';
import { requireFreeSpace } from './free-space.ts';
import { keepRecord, readKeptRecord } from './kept-record.ts';
import { examineFile, hasSize } from './local-file.ts';
import type { PullContext } from './pull-context.ts';
import type { LocalState, PulledFile, PullReport } from './pull-report.ts';
import { PullRoot } from './pull-root.ts';
import { selectFiles, type WantedFile } from './select-files.ts';

export interface PullRequest {
  /** Undefined: no mirror is asked (`--offline`, the skip switch); nothing can be fetched then. */
  readonly reader: MirrorReader | undefined;
  readonly ref: ReleaseRef;
  /** Ids, aliases or files; empty for all. */
  readonly names: readonly string[];
  /** Absolute folder. */
  readonly folder: string;
  /** `flat`: files at `folder/file`; `cache`: at `folder/collection/version/file`. */
  readonly layout: 'flat' | 'cache';
  /** Change nothing, only look. */
  readonly check: boolean;
  /** Fetch even what is right already. */
  readonly force: boolean;
  /** Files at the same time. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/**
 * Brings the files of a release to this machine and proves each against the release record.
 * One file's failure stops no other; the report tells.
 * @throws NotFound for a release or name that is not there, MirrorDamaged, NotAuthorised, MirrorError where the
 * mirror's records cannot be had; Refused for a folder that cannot be used.
 */
export async function pullRelease(request: PullRequest): Promise<PullReport> {
  const { clock, reporter, signal } = request;
  const startedAt = clock.now().getTime();
  const hashes = new HashPool(2);
  try {
    const known = await findRecord(request);
    const { release, warnings } = known;
    const { collection, version } = release;
    const name = releaseName(collection, version);
    const root = rootOf(request, version);
    const wanted = selectFiles(release, name, request.names);
    const reader = known.stale ? undefined : request.reader;
    const context: PullContext = { root, reader, force: request.force, clock, reporter, signal, hashes };
    // Nothing was reached, and not everything can be here: that is all there is to say.
    if (known.stale && !(await mayBeWhole(root, wanted))) throw known.fault;
    reporter.emit({ type: 'run-started', job: 'pull', release: name, artifacts: wanted.length });
    const local = await examineAll(context, wanted, request.concurrency);
    const fetching = reader !== undefined && !request.check;
    const files = fetching ? await fetchAll(context, reader, local, request.concurrency) : local.map(asFound);
    const ok = files.every((file) => !file.required || ['valid', 'present', 'fetched'].includes(file.state));
    if (!ok && known.stale) throw known.fault;
    const seconds = (clock.now().getTime() - startedAt) / 1000;
    reporter.emit({ type: 'run-finished', release: name, state: ok ? 'done' : 'failed', seconds });
    return {
      ok,
      release: name,
      collection,
      version,
      from: reader?.url ?? null,
      files,
      bytesFetched: files.reduce((sum, file) => sum + file.bytesFetched, 0),
      seconds,
      warnings,
    };
  } finally {
    await hashes.close();
  }
}

function rootOf(request: PullRequest, version: string): PullRoot {
  return new PullRoot(request.folder, request.layout === 'cache' ? [request.ref.collection, version] : []);
}

/** The record to prove against; `stale`: the mirror did not answer (`fault`) and an earlier copy stands in. */
type KnownRecord =
  | { readonly release: Release; readonly warnings: readonly string[]; readonly stale: false }
  | { readonly release: Release; readonly warnings: readonly string[]; readonly stale: true; readonly fault: Error };

async function findRecord(request: PullRequest): Promise<KnownRecord> {
  const { reader, ref, signal, clock } = request;
  const root = rootOf(request, ref.version ?? 'latest');
  if (reader === undefined) return { release: (await readKeptRecord(root, ref)).release, warnings: [], stale: false };
  try {
    const deps = { clock, signal };
    const { registry } = await retry(() => loadRegistry(reader, signal), defaultRetryPolicy, deps);
    const loaded = await retry(() => loadRelease(reader, registry, ref, signal), defaultRetryPolicy, deps);
    if (!request.check) {
      await root.prepare();
      await keepRecord(root, loaded, registry.collections[ref.collection]?.latest === loaded.version);
    }
    return { release: loaded.release, warnings: loaded.warnings, stale: false };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError) || !error.retryable) throw error;
    const kept = await readKeptRecord(root, ref).catch(() => undefined);
    if (kept === undefined) throw error;
    const age = Math.max(0, Math.round((clock.now().getTime() - kept.keptAt.getTime()) / 3_600_000));
    const warning = `${reader.url} did not answer (${error.message}); proven against the record of ${age} h ago`;
    return { release: kept.release, warnings: [warning], stale: true, fault: error };
  }
}

async function mayBeWhole(root: PullRoot, wanted: readonly WantedFile[]): Promise<boolean> {
  const required = wanted.filter((file) => file.required);
  const sizes = await Promise.all(required.map(({ artifact }) => hasSize(root.path(artifact.file), artifact.size)));
  return sizes.every((right) => right);
}

interface ExaminedFile extends WantedFile {
  readonly path: string;
  readonly state: LocalState;
  readonly seconds: number;
}

async function examineAll(
  context: PullContext,
  wanted: readonly WantedFile[],
  concurrency: number,
): Promise<readonly ExaminedFile[]> {
  const { root, clock, signal, hashes, reporter } = context;
  return await inParallel(wanted, concurrency, async (file) => {
    signal.throwIfAborted();
    const startedAt = clock.now().getTime();
    const path = root.path(file.artifact.file);
    const { id, size } = file.artifact;
    const state = await examineFile(path, file.artifact, hashes, (done) =>
      reporter.emit({ type: 'progress', id, done, total: size }),
    );
    return { ...file, path, state, seconds: (clock.now().getTime() - startedAt) / 1000 };
  });
}

async function fetchAll(
  context: PullContext,
  reader: MirrorReader,
  local: readonly ExaminedFile[],
  concurrency: number,
): Promise<readonly PulledFile[]> {
  const due = local.filter(({ state }) => context.force || state !== 'valid');
  const bytes = due.reduce((sum, { artifact }) => sum + artifact.size, 0);
  context.reporter.emit({ type: 'planned', artifacts: due.length, bytes });
  await requireFreeSpace(context.root, due);
  reader.expect?.(due.map(({ artifact }) => artifact.path));
  return await inParallel(local, concurrency, async (file) =>
    due.includes(file)
      ? await fetchOne(context, reader, file)
      : finished(context, { ...asFound(file), state: 'present' }),
  );
}

async function fetchOne(context: PullContext, reader: MirrorReader, file: ExaminedFile): Promise<PulledFile> {
  const { artifact } = file;
  const { clock, reporter, signal } = context;
  const startedAt = clock.now().getTime();
  let bytesFetched = 0;
  const done = (state: 'present' | 'fetched' | 'failed', reason?: string, code?: string): PulledFile =>
    finished(context, {
      ...asFound(file),
      state,
      bytesFetched,
      seconds: file.seconds + (clock.now().getTime() - startedAt) / 1000,
      ...(reason === undefined ? {} : { reason }),
      ...(code === undefined ? {} : { code }),
    });
  reporter.emit({ type: 'artifact-started', id: artifact.id, bytes: artifact.size, source: reader.url });
  try {
    return done(
      await fetchFile(context, reader, artifact, (count) => {
        bytesFetched += count;
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError) && !isFileFault(error)) throw error;
    if (!(error instanceof WeighbridgeError)) return done('failed', `the file system refuses it: ${error.code}`);
    return done('failed', error.message, error.name);
  }
}

function asFound({ artifact, required, path, state, seconds }: ExaminedFile): PulledFile {
  const { id, file, size, sha256 } = artifact;
  return { id, file, state, required, size, sha256, path, bytesFetched: 0, seconds };
}

function finished(context: PullContext, file: PulledFile): PulledFile {
  const { id, size, state, reason } = file;
  const event = { type: 'artifact-finished', id, bytes: size } as const;
  const shown = state === 'failed' ? 'failed' : state === 'present' ? 'present' : 'valid';
  context.reporter.emit(reason === undefined ? { ...event, state: shown } : { ...event, state: shown, reason });
  return file;
}

/** The operating system's own answer (disk full, not permitted): about this file, not a fault of the program. */
function isFileFault(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

/** Results in the order of the items, at most `width` of them under way; nothing runs on when it throws the first error. */
async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}
