import type { CoreEvent } from '../../core/events.ts';
import { eventLine, isBadEnding } from './event-line.ts';

/** Seconds that a failure waits to be said: by then a short run has ended, and its result says it in full. */
const patience = 2;

type Ending = Extract<CoreEvent, { type: 'artifact-finished' }>;
type Job = Extract<CoreEvent, { type: 'run-started' }>['job'];
type Failure = Ending | Extract<CoreEvent, { type: 'attempt' }>;

/**
 * Which failures are worth a line while the work goes on. The result names every artifact that failed, and why, so
 * what happens just before it is left to it; in a longer run people learn of a failure while it lasts. A source that
 * failed where another one delivered is said here alone.
 */
export class FailureLines {
  private held: { readonly event: Failure; readonly since: number }[] = [];
  /** By artifact: the reason of its last attempt that was shown. */
  private readonly shown = new Map<string, string>();
  private job: Job | undefined;

  /**
   * The lines to show now.
   * @param at seconds on the clock of all other calls
   */
  take(event: CoreEvent, at: number): readonly string[] {
    const lines = this.due(at);
    switch (event.type) {
      case 'run-started':
        this.job = event.job;
        break;
      case 'attempt':
        // `lock` lists every source that failed among its problems.
        if (event.outcome !== 'ok' && this.job !== 'lock') this.held.push({ event, since: at });
        break;
      case 'artifact-finished': {
        const attempts = this.held.filter((one) => one.event.type === 'attempt' && one.event.id === event.id);
        this.held = this.held.filter((one) => !attempts.includes(one));
        lines.push(...attempts.filter((one) => !this.isInResult(one.event, event)).map((one) => this.line(one.event)));
        if (isBadEnding(event)) this.held.push({ event, since: at });
        break;
      }
      case 'run-finished':
        // Artifacts that ended are in the result; of the others nothing but this is known.
        this.held = this.held.filter((one) => one.event.type === 'attempt');
        lines.push(...this.rest());
        this.shown.clear();
        break;
      default:
        break;
    }
    return lines;
  }

  /** The lines whose time has come. */
  due(at: number): string[] {
    const due = this.held.filter(({ since }) => at - since >= patience);
    this.held = this.held.filter((one) => !due.includes(one));
    return due.map(({ event }) => this.line(event));
  }

  /** What no result will say, because the work ended without one. */
  rest(): string[] {
    return this.due(Number.POSITIVE_INFINITY);
  }

  /** The report of `stage` has every attempt at an artifact that failed; others have its reason. */
  private isInResult(attempt: Failure, ending: Ending): boolean {
    if (!isBadEnding(ending)) return false;
    return this.job === 'stage' || (attempt.reason !== undefined && ending.reason?.includes(attempt.reason) === true);
  }

  private line(event: Failure): string {
    if (event.type === 'attempt') this.shown.set(event.id, event.reason);
    return eventLine(event.type === 'attempt' ? event : this.withoutRepetition(event)) ?? '';
  }

  private withoutRepetition(ending: Ending): Ending {
    const said = this.shown.get(ending.id);
    if (said === undefined || ending.reason?.includes(said) !== true) return ending;
    const { reason: _, ...rest } = ending;
    return rest;
  }
}
