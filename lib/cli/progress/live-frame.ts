import { styleText } from 'node:util';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { jobWords, phaseWords } from './event-line.ts';
import { formatBytes, formatDuration, formatRate } from './quantities.ts';
import type { ActiveArtifact, RunTally } from './run-tally.ts';

/** Artifacts that get a line of their own. */
const maxLines = 8;

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

/** What the live display shows at one moment: a line per artifact in flight, and one in all. No line wraps. */
export function liveFrame(tally: RunTally, size: FrameSize, at: number): string {
  const room = Math.max(1, Math.min(maxLines, size.rows - 3));
  const active = [...tally.active.values()];
  const shown = active.slice(0, room);
  const lines = shown.map((artifact) => artifactLine(artifact, size, at));
  if (active.length > shown.length)
    lines.push(`… and ${active.length - shown.length} more`.slice(0, Math.max(1, size.columns - 1)));
  return [...lines, totalLine(tally, size, at)].join('\n');
}

/** What a line says of one artifact, or of all. */
interface Measure {
  readonly title: string;
  /** Which end of a long title differs from line to line. */
  readonly keep: 'start' | 'end';
  /** Bytes. */
  readonly done: number;
  readonly total: number | undefined;
  /** Bytes a second. */
  readonly rate: number | undefined;
  readonly secondsLeft: number | undefined;
}

function artifactLine(artifact: ActiveArtifact, size: FrameSize, at: number): string {
  const { done, total } = artifact;
  // One that waits for its turn is not slow.
  const rate = done === 0 ? undefined : artifact.meter.rate(at);
  const secondsLeft = total === undefined || !rate ? undefined : (total - done) / rate;
  return measureLine({ title: escapeUnsafe(artifact.id), keep: 'end', done, total, rate, secondsLeft }, size);
}

function totalLine(tally: RunTally, size: FrameSize, at: number): string {
  const words = tally.phase === undefined ? jobWords(tally.job ?? 'stage') : phaseWords(tally.phase);
  const measure: Measure = {
    title: `${tally.finished}/${tally.artifacts} ${words}`,
    keep: 'start',
    done: tally.doneBytes,
    total: tally.plannedBytes,
    rate: tally.meter.rate(at),
    secondsLeft: tally.secondsLeft(at),
  };
  return measureLine(measure, size);
}

function measureLine(measure: Measure, size: FrameSize): string {
  const { done, total, rate, secondsLeft } = measure;
  const amounts = total === undefined ? formatBytes(done) : `${formatBytes(done)} / ${formatBytes(total)}`;
  const usable = size.columns - 1;
  if (usable < 30) return [...`${measure.title} ${amounts}`].slice(0, Math.max(1, usable)).join('');
  const figures = [
    amounts.padStart(21),
    (rate === undefined ? '' : formatRate(rate)).padStart(10),
    (secondsLeft === undefined ? '' : `${formatDuration(secondsLeft)} left`).padStart(15),
  ];
  // On a narrow terminal the time left goes first, then the rate, then the bar; the title keeps 24 columns longest.
  while (figures.length > 1 && figures.join('  ').length + 30 > usable) figures.pop();
  const tail = figures.join('  ');
  const spare = usable - tail.length - 4;
  const barWidth = spare >= 36 ? Math.min(24, spare - 26) : 0;
  const titleWidth = Math.max(1, Math.min(40, spare - (barWidth === 0 ? 0 : barWidth + 2)));
  const middle = barWidth === 0 ? '' : `  ${bar(done, total, barWidth, size.colour)}`;
  return `  ${shortened(measure, titleWidth).padEnd(titleWidth)}${middle}  ${tail}`;
}

function bar(done: number, total: number | undefined, width: number, colour: boolean): string {
  if (total === undefined) return ' '.repeat(width);
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * width);
  const [filled, empty] = ['█'.repeat(full), '░'.repeat(width - full)];
  return colour
    ? styleText('cyan', filled, { validateStream: false }) + styleText('dim', empty, { validateStream: false })
    : filled + empty;
}

function shortened({ title, keep }: Measure, width: number): string {
  const characters = [...title];
  if (characters.length <= width) return title;
  return keep === 'start'
    ? `${characters.slice(0, width - 1).join('')}…`
    : `…${characters.slice(characters.length - width + 1).join('')}`;
}
