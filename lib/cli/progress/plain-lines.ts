import type { Clock } from '../../core/clock.ts';
import type { CoreEvent } from '../../core/events.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { eventLine, isBadEnding } from './event-line.ts';
import { FailureLines } from './failure-lines.ts';
import type { Progress, ProgressStream } from './progress.ts';
import { formatBytes, formatDuration, formatRate } from './quantities.ts';
import { RunTally } from './run-tally.ts';

/** Seconds between two lines that only say how far it is. */
const quietSeconds = 10;
/** Up to this many artifacts each good ending gets a line, if it was long in coming. */
const fewArtifacts = 30;
/** Seconds: what was over sooner needs no line of its own; the command says what came of it. */
const longTime = 2;
/** Events that tell how far it is. */
const tells: ReadonlySet<CoreEvent['type']> = new Set(['progress', 'artifact-finished', 'standing']);

/** A log for files and CI: begin, every ten seconds or ten percent, what goes wrong meanwhile, end. */
export function plainLines(stream: ProgressStream, clock: Clock): Progress {
  const tally = new RunTally();
  const failures = new FailureLines();
  let saidAt = 0;
  let saidTenth = 0;

  function sayHowFar(at: number): void {
    const tenth = tenthOf(tally);
    const due = at - saidAt >= quietSeconds || (tenth > saidTenth && at - saidAt >= 1);
    // What is complete needs no line on how far it is: the end follows.
    if (!due || tally.plannedBytes === undefined || tally.doneBytes >= tally.plannedBytes) return;
    saidAt = at;
    saidTenth = tenth;
    write(howFar(tally, tally.plannedBytes, at));
  }

  function write(line: string): void {
    stream.write(`${escapeUnsafe(line)}\n`);
  }

  return {
    emit(event: CoreEvent) {
      const at = clock.now().getTime() / 1000;
      const worthSaying = isWorthSaying(event, tally, at);
      tally.take(event, at);
      if (event.type === 'run-started' || event.type === 'planned') {
        saidAt = at;
        saidTenth = 0;
      }
      if (tells.has(event.type)) sayHowFar(at);
      for (const line of failures.take(event, at)) write(line);
      const line = worthSaying ? eventLine(event) : undefined;
      if (line !== undefined) write(line);
    },
    above: (write) => write(),
    close() {
      for (const line of failures.rest()) write(line);
    },
  };
}

function isWorthSaying(event: CoreEvent, tally: RunTally, at: number): boolean {
  if (event.type === 'run-finished') return event.seconds >= longTime;
  // Of a mirror that is read again everything is to do.
  if (event.type === 'planned') return tally.job !== 'verify';
  if (event.type === 'attempt') return false;
  if (event.type !== 'artifact-finished') return true;
  if (isBadEnding(event)) return false;
  const seconds = at - (tally.active.get(event.id)?.startedAt ?? at);
  return seconds >= longTime && tally.artifacts <= fewArtifacts;
}

function tenthOf(tally: RunTally): number {
  const planned = tally.plannedBytes ?? 0;
  return planned === 0 ? 0 : Math.floor((10 * tally.doneBytes) / planned);
}

function howFar(tally: RunTally, planned: number, at: number): string {
  const percent = planned === 0 ? 100 : Math.min(100, Math.floor((100 * tally.doneBytes) / planned));
  const rate = tally.meter.rate(at);
  const left = tally.secondsLeft(at);
  const parts = [
    `${percent} %`,
    `${formatBytes(tally.doneBytes)} of ${formatBytes(planned)}`,
    `${tally.finished} of ${tally.artifacts} done`,
    ...(rate === undefined ? [] : [formatRate(rate)]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
  ];
  return parts.join(', ');
}
