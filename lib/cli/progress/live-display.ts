import { createLogUpdate } from 'log-update';
import type { Clock } from '../../core/clock.ts';
import type { CoreEvent } from '../../core/events.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { eventLine } from './event-line.ts';
import { FailureLines } from './failure-lines.ts';
import { liveFrame } from './live-frame.ts';
import type { Progress, ProgressStream } from './progress.ts';
import { RunTally } from './run-tally.ts';

/** Milliseconds between two pictures. */
const interval = 125;

/** A display that redraws itself in place on a terminal; what is worth keeping scrolls by above it. */
export function liveDisplay(stream: ProgressStream, clock: Clock, colour: boolean): Progress {
  const update = createLogUpdate(stream as NodeJS.WritableStream, { showCursor: true });
  const tally = new RunTally();
  const failures = new FailureLines();
  let timer: NodeJS.Timeout | undefined;

  function draw(): void {
    keep(failures.due(clock.now().getTime() / 1000));
    const size = { columns: stream.columns ?? 80, rows: stream.rows ?? 24, colour };
    update(liveFrame(tally, size, clock.now().getTime() / 1000));
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
    update.clear();
  }

  /** The next picture comes with the timer: a burst of lines must not become a burst of pictures. */
  function above(write: () => void): void {
    if (timer !== undefined) update.clear();
    write();
  }

  function keep(lines: readonly string[]): void {
    if (lines.length > 0) above(() => stream.write(lines.map((line) => `${escapeUnsafe(line)}\n`).join('')));
  }

  return {
    emit(event: CoreEvent) {
      const at = clock.now().getTime() / 1000;
      tally.take(event, at);
      keep(failures.take(event, at));
      const line = keeps(event) ? eventLine(event) : undefined;
      if (line !== undefined) keep([line]);
      if (event.type === 'run-finished') stop();
      // Begins with the first sign of work; never keeps the process alive.
      else if (timer === undefined && event.type !== 'note' && event.type !== 'access-decided')
        timer = setInterval(draw, interval).unref();
    },
    above,
    close() {
      keep(failures.rest());
      stop();
    },
  };
}

/** What stays readable above the display beside failures: only what a person may have to act on. */
function keeps(event: CoreEvent): boolean {
  switch (event.type) {
    case 'retry':
    case 'waiting':
    case 'note':
    case 'access-decided':
      return true;
    case 'attempt':
    case 'artifact-finished':
    case 'run-started':
    case 'phase':
    case 'planned':
    case 'artifact-started':
    case 'progress':
    case 'standing':
    case 'run-finished':
      return false;
    default:
      return event satisfies never;
  }
}
