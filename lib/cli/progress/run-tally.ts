import type { CoreEvent } from '../../core/events.ts';
import { RateMeter } from './rate-meter.ts';

/** Bytes: no first event reports more than this unless the artifact goes on from a checkpoint. */
const firstWindow = 8 * 2 ** 20;

/** One artifact that is being worked on. */
export interface ActiveArtifact {
  readonly id: string;
  /** Bytes. */
  done: number;
  total: number | undefined;
  readonly meter: RateMeter;
  /** Seconds. */
  readonly startedAt: number;
  /** Set by the first progress event: what a resumed artifact begins with did not arrive now. */
  counted: boolean;
}

type Phase = Extract<CoreEvent, { type: 'phase' }>['phase'];
type Job = Extract<CoreEvent, { type: 'run-started' }>['job'];

/** What is known of a run so far, from its events alone. */
export class RunTally {
  readonly active = new Map<string, ActiveArtifact>();
  readonly meter = new RateMeter();
  job: Job | undefined;
  release = '';
  phase: Phase | undefined;
  /** Artifacts of the release, and how many of them ended how. */
  artifacts = 0;
  finished = 0;
  failed = 0;
  /** Of what is to be moved: known after the plan. */
  plannedBytes: number | undefined;
  private settledBytes = 0;
  /** Was there a `standing` in this run? */
  private stood = false;

  /**
   * Takes one event into account.
   * @param at seconds on any clock that only goes forward
   */
  take(event: CoreEvent, at: number): void {
    switch (event.type) {
      case 'run-started':
        this.begin(event.job, event.release, event.artifacts, at);
        return;
      case 'phase':
        this.phase = event.phase;
        // A replica begins from nothing, and so do the figures.
        if (event.store !== undefined) this.restart();
        return;
      case 'planned':
        this.plannedBytes = event.bytes;
        return;
      case 'artifact-started':
        this.active.set(event.id, newArtifact(event.id, event.bytes, at));
        return;
      case 'progress':
        this.progress(event.id, event.done, event.total, at);
        return;
      case 'artifact-finished':
        this.finish(event, at);
        return;
      case 'standing':
        this.stand(event, at);
        return;
      case 'run-finished':
        this.active.clear();
        return;
      case 'attempt':
      case 'retry':
      case 'waiting':
      case 'note':
      case 'access-decided':
        return;
      default:
        event satisfies never;
    }
  }

  /** Bytes of the planned ones that are done. */
  get doneBytes(): number {
    let done = this.settledBytes;
    for (const artifact of this.active.values()) done += artifact.done;
    return done;
  }

  /** Seconds until everything planned is done, at the present rate; undefined while nobody can know. */
  secondsLeft(at: number): number | undefined {
    const rate = this.meter.rate(at);
    if (this.plannedBytes === undefined || rate === undefined || rate <= 0) return undefined;
    return Math.max(0, this.plannedBytes - this.doneBytes) / rate;
  }

  private begin(job: Job, release: string, artifacts: number, at: number): void {
    this.restart();
    this.job = job;
    this.release = release;
    this.artifacts = artifacts;
    this.phase = undefined;
    this.meter.add(0, at);
  }

  private restart(): void {
    this.active.clear();
    this.finished = 0;
    this.failed = 0;
    this.plannedBytes = undefined;
    this.settledBytes = 0;
    this.stood = false;
  }

  private progress(id: string, done: number, total: number | undefined, at: number): void {
    const artifact = this.active.get(id) ?? newArtifact(id, total, at);
    this.active.set(id, artifact);
    const resumed = !artifact.counted && done > firstWindow && done !== total;
    if (!resumed) this.count(artifact, Math.max(0, done - artifact.done), at);
    artifact.counted = true;
    artifact.done = done;
    artifact.total = total ?? artifact.total;
  }

  private finish(event: Extract<CoreEvent, { type: 'artifact-finished' }>, at: number): void {
    const artifact = this.active.get(event.id);
    this.active.delete(event.id);
    this.finished += 1;
    const good = event.state === 'staged' || event.state === 'copied' || event.state === 'valid';
    if (event.state === 'failed' || event.state === 'unresolved' || event.state === 'invalid') this.failed += 1;
    if (good) {
      if (artifact !== undefined) this.count(artifact, Math.max(0, event.bytes - artifact.done), at);
      this.settledBytes += event.bytes;
    } else if (artifact !== undefined && this.plannedBytes !== undefined) {
      this.plannedBytes = Math.max(0, this.plannedBytes - (artifact.total ?? 0));
    }
  }

  private stand({ finished, failed, bytes, active }: Extract<CoreEvent, { type: 'standing' }>, at: number): void {
    // What was there when somebody began to look did not arrive now.
    const before = this.stood ? this.doneBytes : bytes;
    this.stood = true;
    this.finished = finished;
    this.failed = failed;
    const ids = new Set(active.map(({ id }) => id));
    for (const id of this.active.keys()) if (!ids.has(id)) this.active.delete(id);
    for (const { id, done, total } of active) {
      const artifact = this.active.get(id);
      const shown = artifact ?? newArtifact(id, total, at);
      if (artifact !== undefined) shown.meter.add(Math.max(0, done - shown.done), at);
      shown.done = done;
      shown.total = total ?? shown.total;
      this.active.set(id, shown);
    }
    this.settledBytes = bytes - active.reduce((sum, { done }) => sum + done, 0);
    this.meter.add(Math.max(0, bytes - before), at);
  }

  private count(artifact: ActiveArtifact, bytes: number, at: number): void {
    artifact.meter.add(bytes, at);
    this.meter.add(bytes, at);
  }
}

function newArtifact(id: string, total: number | undefined, at: number): ActiveArtifact {
  const meter = new RateMeter();
  meter.add(0, at);
  return { id, done: 0, total, meter, startedAt: at, counted: false };
}
