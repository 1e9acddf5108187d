import type { CoreEvent } from '../../core/events.ts';
import { decisionLine } from './decision-line.ts';
import { formatBytes, formatDuration } from './quantities.ts';

const jobs = { stage: 'staging', pull: 'pulling', verify: 'verifying', lock: 'locking', send: 'sending' } as const;

const phases = {
  survey: 'looking at what is there',
  preflight: 'asking the upstreams',
  transfer: 'transferring',
  publish: 'publishing',
  replicate: 'replicating',
  verify: 'reading and hashing',
} as const;

/** What a phase is called while it lasts. */
export function phaseWords(phase: keyof typeof phases): string {
  return phases[phase];
}

/** What a job on a release is called while it lasts. */
export function jobWords(job: keyof typeof jobs): string {
  return jobs[job];
}

/**
 * The line that an event is worth in a log, or undefined for those that only move a display.
 * Good endings of single artifacts are left to the caller: with thousands of them nobody wants a line for each.
 */
export function eventLine(event: CoreEvent): string | undefined {
  switch (event.type) {
    case 'run-started':
      return startLine(event);
    case 'planned':
      return event.artifacts === 0 ? undefined : `${event.artifacts} to do, ${formatBytes(event.bytes)}`;
    case 'attempt':
      return event.outcome === 'ok' ? undefined : attemptLine(event);
    case 'retry':
      return `${event.id}: ${event.reason}; trying again in ${formatDuration(event.inSeconds)}`;
    case 'artifact-finished':
      return endingLine(event);
    case 'waiting':
      return `waiting ${formatDuration(event.seconds)} for ${event.what}`;
    case 'note':
      return event.message;
    case 'access-decided':
      return decisionLine(event.decision);
    case 'run-finished':
      return `${event.release}: ${event.state} after ${formatDuration(event.seconds)}`;
    case 'phase':
      return event.store === undefined ? undefined : `${phaseWords(event.phase)} to ${event.store}`;
    case 'artifact-started':
    case 'progress':
    case 'standing':
      return undefined;
    default:
      return event satisfies never;
  }
}

function startLine({ job, release, artifacts, store }: Extract<CoreEvent, { type: 'run-started' }>): string {
  const where = store === undefined ? '' : ` in ${store}`;
  return `${jobWords(job)} ${release}${where}: ${artifacts} ${artifacts === 1 ? 'artifact' : 'artifacts'}`;
}

/** Most reasons name the source themselves. */
function attemptLine({ id, outcome, source, reason }: Extract<CoreEvent, { type: 'attempt' }>): string {
  return `${id}: ${outcome}: ${reason.includes(source) ? reason : `${source}: ${reason}`}`;
}

/** Did an artifact end in a way that a person must know of? */
export function isBadEnding(event: Extract<CoreEvent, { type: 'artifact-finished' }>): boolean {
  return event.state === 'failed' || event.state === 'unresolved' || event.state === 'invalid';
}

function endingLine(event: Extract<CoreEvent, { type: 'artifact-finished' }>): string {
  const reason = event.reason === undefined ? '' : `: ${event.reason}`;
  const bytes = isBadEnding(event) ? '' : `, ${formatBytes(event.bytes)}`;
  return `${event.id}: ${event.state}${bytes}${reason}`;
}
