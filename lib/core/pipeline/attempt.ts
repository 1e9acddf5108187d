import { randomUUID } from 'node:crypto';
import type { AttemptPointer, PlanInput } from '../../contract/cloud/payloads.ts';
import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import { type Submission, submissionSchema } from '../../contract/cloud/submission.ts';
import type { Clock } from '../clock.ts';
import { Sha256 } from '../digest/sha256.ts';
import { InvalidFile, Refused, type WeighbridgeError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { noDigest } from '../manifest/artifact-findings.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import type { Source } from '../sources/source.ts';
import type { StagePorts, StageRequest } from '../stage/stage-ports.ts';
import type { StateStore } from '../state/state-store.ts';
import { type Store, StoreError } from '../stores/store.ts';
import {
  type OutcomeDocument,
  outcomeName,
  outcomeSchema,
  submissionName,
  type TakenDocument,
  takenName,
  takenSchema,
} from './attempt-documents.ts';
import { AttemptRecords } from './attempt-records.ts';
import { KeptHashes } from './kept-hashes.ts';
import { mirrorAddresses } from './mirror-addresses.ts';
import { Superseded } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { checkStillFirst, type ReleaseCandidate } from './release-place.ts';

/** What a submission says, parsed. */
export interface SubmittedManifest {
  readonly submission: Submission;
  readonly manifest: Manifest;
  readonly sha256: Sha256;
  /** What is not wrong but should be known, one line each. */
  readonly warnings: readonly string[];
}

/** One attempt as every state after the first sees it. */
export interface Attempt extends SubmittedManifest {
  readonly place: AttemptPlace;
  readonly records: AttemptRecords;
  readonly specs: ReadonlyMap<string, ArtifactSpec>;
  /** The primary. */
  readonly store: Store;
  readonly request: StageRequest;
  readonly candidate: ReleaseCandidate;
}

/**
 * What each deployment's process read last: the passes of a run come one after the other, and of a manifest with
 * thousands of artifacts the parsing takes longer than their work.
 */
const latest = new WeakMap<PipelinePorts['configuration'], SubmittedManifest>();

/** @throws InvalidFile with every problem of the manifest. */
export function parseSubmitted(
  submission: Submission,
  configuration: PipelinePorts['configuration'],
): SubmittedManifest {
  const { file, content } = submission;
  const known = latest.get(configuration);
  if (known?.submission.content === content && known.submission.file === file) return { ...known, submission };
  const bytes = Buffer.from(content, 'base64');
  const { manifest, problems } = parseManifest(bytes, { file, placeholders: configuration.placeholders });
  const warnings = problems
    // What the report says of the artifact itself: unresolved.
    .filter(({ message }) => message !== noDigest)
    .map(({ line, field, message }) => `${file}:${line}: ${field}: ${message}`);
  const submitted = { submission, manifest, sha256: Sha256.ofBytes(bytes), warnings };
  latest.set(configuration, submitted);
  return submitted;
}

/**
 * Takes an attempt for an execution, unless another one has it; asked again, it says the same. Who finds an execution
 * dead takes what that one had not: else a second event would begin a run whose report is written.
 * @returns whose it is.
 */
export async function takeAttempt(
  records: AttemptRecords,
  { execution, key, versionId }: Omit<PlanInput, 'bucket'>,
  { publisher }: AttemptPlace,
  clock: Clock,
): Promise<TakenDocument> {
  const versioned = versionId === undefined ? {} : { versionId };
  const takenAt = clock.now().toISOString();
  return await records.createOnce(
    takenName,
    { format: 1, execution, publisher, key, ...versioned, takenAt },
    takenSchema,
  );
}

/** Reads what the first state accepted. @throws StoreError when there is no such attempt. */
export async function openAttempt(pointer: AttemptPointer, ports: PipelinePorts): Promise<Attempt> {
  const records = new AttemptRecords(ports.work, pointer);
  const taken = await records.read(takenName, takenSchema);
  const submission = await records.read(submissionName, submissionSchema);
  if (taken === undefined || submission === undefined || taken.publisher !== pointer.publisher) {
    throw new StoreError(`attempt ${pointer.attempt} of run ${pointer.run} was never planned, or has expired`);
  }
  const submitted = parseSubmitted(submission, ports.configuration);
  return assemble(pointer, records, submitted, await openStore(submitted.manifest, ports), ports);
}

export async function openStore({ access }: Manifest, ports: PipelinePorts): Promise<Store> {
  const store = await ports.openPrimary(access);
  if (store !== undefined) return store;
  throw new Refused('access-class', `this deployment has no mirror for ${access} releases`, {
    hint: `Set \`cloud.${access}\` in weighbridge.yaml and deploy again.`,
  });
}

export function assemble(
  pointer: AttemptPointer,
  records: AttemptRecords,
  submitted: SubmittedManifest,
  store: Store,
  { work, configuration, publicUrl }: PipelinePorts,
): Attempt {
  const { publisher, run, attempt } = pointer;
  const { submission, manifest, sha256, warnings } = submitted;
  const candidate = { manifest, manifestSha256: sha256.hex, attempt };
  return {
    ...submitted,
    place: { publisher, run, attempt },
    records,
    specs: new Map(manifest.artifacts.map((spec) => [spec.id, spec])),
    store,
    candidate,
    request: {
      manifest,
      manifestSha256: sha256,
      store,
      attempt,
      concurrency: 8,
      maxBytes: configuration.maxRunBytes,
      warnings,
      commit: submission.commit,
      repository: submission.repository,
      mirrors: mirrorAddresses(manifest.access, store.url, configuration, publicUrl),
      beforeDecision: () => checkStillFirst(work, candidate),
    },
  };
}

export interface AttemptPortsOptions {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly state?: StateStore;
  /** Around every source: what a pass does about upstreams that ask it to wait. */
  readonly around?: (source: Source) => Source;
  readonly countFetched?: (id: string, bytes: number) => void;
  readonly ranges?: number;
}

/** What the engine of `stage` needs, for one pass. */
export function stagePorts(attempt: Attempt, ports: PipelinePorts, options: AttemptPortsOptions): StagePorts {
  const use = { publisher: attempt.place.publisher, access: attempt.manifest.access };
  const { around = (source) => source, countFetched, state = ports.work } = options;
  return {
    clock: ports.clock,
    hashes: ports.hashes,
    memory: ports.memory,
    reporter: options.reporter,
    signal: options.signal,
    retry: ports.retry,
    ranges: options.ranges ?? ports.ranges,
    state,
    hashStates: new KeptHashes(state),
    openSources: (spec) => ports.openSources(spec, use).map(around),
    ...(countFetched === undefined ? {} : { countFetched }),
    // Sandboxes may share host name, boot and process number: none is ever proven dead by another.
    identity: { host: `function/${randomUUID()}`, pid: process.pid, processStart: undefined },
  };
}

/** Keeps why the run came to no release; what was kept first stays. */
export async function keepOutcome(records: AttemptRecords, error: WeighbridgeError): Promise<OutcomeDocument> {
  const state = error instanceof Superseded ? 'superseded' : error instanceof Refused ? 'refused' : 'failed';
  const message = error instanceof InvalidFile ? withProblems(error) : error.message;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  const outcome: OutcomeDocument = { format: 1, state, error: { code: error.name, message, ...hint } };
  return await records.createOnce(outcomeName, outcome, outcomeSchema);
}

/** Problems shown at most. */
const shown = 20;

function withProblems({ message, problems }: InvalidFile): string {
  const lines = problems.map(
    ({ file, line, column, field, message: what }) =>
      `${file}:${line}:${column}: ${field === '' ? '' : `${field}: `}${what}`,
  );
  const more = lines.length > shown ? [`and ${lines.length - shown} more`] : [];
  return [message, ...lines.slice(0, shown), ...more].join('\n');
}
