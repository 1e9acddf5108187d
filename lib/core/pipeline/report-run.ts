import { planInput, type ReportInput, type ReportOutput } from '../../contract/cloud/payloads.ts';
import type { RunEnded } from '../../contract/cloud/run-ended.ts';
import { type AttemptPlace, parseSubmissionKey, reportKey } from '../../contract/cloud/state-keys.ts';
import { WeighbridgeError } from '../errors.ts';
import { releaseName } from '../mirror/release-ref.ts';
import { type Store, StoreError } from '../stores/store.ts';
import { takeAttempt } from './attempt.ts';
import { AttemptRecords } from './attempt-records.ts';
import { ifKnown, type KnownAttempt, readKnownAttempt } from './known-attempt.ts';
import { faultOf, makeReport } from './make-report.ts';
import { asState } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { isPolicyReport, makePolicyReport, type RunReport } from './policy-report.ts';
import { ProgressBoard } from './progress-board.ts';
import { tellPublic } from './status-board.ts';

/** Bytes; a report has some hundred for each artifact. */
const limit = 256 << 20;

/** The end of a run. */
export interface ReportedRun {
  readonly output: ReportOutput;
  /** As it is kept; undefined when the execution that died had no part in an attempt. */
  readonly report: RunReport | undefined;
  /** What others are to be told; undefined when they were told already. */
  readonly event: RunEnded | undefined;
}

/**
 * The last state, also called for an execution that ended without it: puts the report, which the first one decides.
 * @throws Unavailable, NotAuthorised
 */
export async function reportRun(input: ReportInput, ports: PipelinePorts): Promise<ReportedRun> {
  return await asState(async () => {
    const place = placeOf(input);
    // Something else was put where submissions lie: there is nobody to report to.
    if (place === undefined) return { output: nobody, report: undefined, event: undefined };
    if ('died' in input && !(await isOwn(input.died, place, ports))) {
      // A second execution of one event: the attempt is another's.
      return { output: { ...place, ok: false, state: 'duplicate' }, report: undefined, event: undefined };
    }
    const known = await readKnownAttempt(place, ports);
    const ofPolicy = known.submission?.kind === 'policy';
    const made = await (ofPolicy ? makePolicyReport : makeReport)(known, faultOf(input), ports.clock.now());
    const { report, created } = await putReport(ports.state, place, made);
    const output = { ...place, ok: report.ok, state: report.state };
    if (created) await tellStatus(known, report, ports);
    const board = new ProgressBoard(place, ports);
    board.tell({ phase: 'ended' });
    await board.close();
    const event = 'died' in input && !created ? undefined : eventOf(output, report, known, ports);
    return { output, report, event };
  });
}

const nobody: ReportOutput = { publisher: '', run: '', attempt: '', ok: false, state: 'refused' };

type Died = Extract<ReportInput, { died: unknown }>['died'];

/** Undefined when what died was started by no submission. */
function placeOf(input: ReportInput): AttemptPlace | undefined {
  if ('died' in input) return parseSubmissionKey(startedBy(input.died)?.key ?? '');
  return { publisher: input.publisher, run: input.run, attempt: input.attempt };
}

/** Has the execution that died the attempt, from now on at the latest? */
async function isOwn({ execution, ...died }: Died, place: AttemptPlace, ports: PipelinePorts): Promise<boolean> {
  const started = startedBy(died);
  if (started === undefined) return false;
  const records = new AttemptRecords(ports.work, place);
  const taken = await ifKnown(() => takeAttempt(records, { ...started, execution }, place, ports.clock));
  // One that cannot be read must not keep the report away.
  return taken === undefined || (taken.execution === execution && taken.publisher === place.publisher);
}

const startInput = planInput.pick({ key: true, versionId: true });

function startedBy({ input }: Pick<Died, 'input'>) {
  try {
    return startInput.safeParse(JSON.parse(input)).data;
  } catch {
    return undefined;
  }
}

/** The first report of an attempt stays. */
async function putReport(
  state: Store,
  place: AttemptPlace,
  report: RunReport,
): Promise<{ readonly report: RunReport; readonly created: boolean }> {
  const key = reportKey(place);
  const attributes = { contentType: 'application/json', cacheControl: 'no-store' };
  const put = await state.put(key, Buffer.from(`${JSON.stringify(report, null, 2)}\n`), { ifAbsent: true }, attributes);
  if (put.outcome === 'created') return { report, created: true };
  const there = await state.get(key, limit);
  if (there === undefined) throw new StoreError(`${key} appeared and vanished`, { retryable: true });
  return { report: JSON.parse(Buffer.from(there.bytes).toString()) as RunReport, created: false };
}

/** Nothing rests on the page: that it cannot be written is no reason for a run to fail. */
async function tellStatus(
  { manifest, accepted }: KnownAttempt,
  report: RunReport,
  ports: PipelinePorts,
): Promise<void> {
  // What was not accepted may hold any name at all.
  if (!ports.configuration.statusPage || manifest === undefined || !accepted) return;
  const { access } = manifest;
  const release = access === 'public' ? releaseName(manifest.collection, manifest.version) : '';
  const { attempt, state, ok, finishedAt } = report;
  try {
    const store = await ports.openPrimary('public');
    const run = { access, release, attempt, state, ok, finishedAt, seconds: secondsOf(report) };
    if (store !== undefined) await tellPublic(store, run, ports.clock);
  } catch (error) {
    if (!(error instanceof WeighbridgeError)) throw error;
  }
}

function eventOf(output: ReportOutput, report: RunReport, { manifest }: KnownAttempt, ports: PipelinePorts): RunEnded {
  const artifacts = isPolicyReport(report) ? [] : report.artifacts;
  return {
    ...output,
    deployment: ports.configuration.name,
    what: subjectOf(report, manifest),
    ...(manifest === undefined ? {} : { collection: manifest.collection, version: manifest.version }),
    bytesMoved: artifacts.reduce((sum, { bytesFetched }) => sum + bytesFetched, 0),
    artifactsFailed: artifacts.filter(({ state }) => state === 'failed').length,
    seconds: secondsOf(report),
    report: { bucket: ports.stateBucket, key: reportKey(output) },
  };
}

function subjectOf(report: RunReport, manifest: KnownAttempt['manifest']): string {
  if (isPolicyReport(report)) return 'the access policy';
  return manifest === undefined ? 'an unreadable submission' : releaseName(manifest.collection, manifest.version);
}

function secondsOf({ startedAt, finishedAt }: Pick<RunReport, 'startedAt' | 'finishedAt'>): number {
  return Math.max(0, (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000);
}
