import { styleText } from 'node:util';
import { jobWords, phaseWords } from './event-line.ts';
import { printable } from './printable.ts';
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
  if (active.length > shown.length) lines.push(cut(`  … and ${active.length - shown.length} more`, size.columns));
  return [...lines, totalLine(tally, size, at)].join('\n');
}

function artifactLine(artifact: ActiveArtifact, size: FrameSize, at: number): string {
  const rate = artifact.meter.rate(at);
  const left = artifact.total === undefined || !rate ? undefined : (artifact.total - artifact.done) / rate;
  return barLine(printable(artifact.id), artifact.done, artifact.total, rate, left, size, (text) => text);
}

function totalLine(tally: RunTally, size: FrameSize, at: number): string {
  const bold = (text: string): string => (size.colour ? styleText('bold', text, { validateStream: false }) : text);
  const words = tally.phase === undefined ? jobWords(tally.job ?? 'stage') : phaseWords(tally.phase);
  const title = `${tally.finished}/${tally.artifacts} ${words}`;
  return barLine(title, tally.doneBytes, tally.plannedBytes, tally.meter.rate(at), tally.secondsLeft(at), size, bold);
}

function barLine(
  title: string,
  done: number,
  total: number | undefined,
  rate: number | undefined,
  left: number | undefined,
  size: FrameSize,
  style: (text: string) => string,
): string {
  const amounts = total === undefined ? formatBytes(done) : `${formatBytes(done)} / ${formatBytes(total)}`;
  const figures = [
    amounts.padStart(21),
    (rate === undefined ? '' : formatRate(rate)).padStart(10),
    (left === undefined ? '' : `${formatDuration(left)} left`).padStart(15),
  ];
  const usable = size.columns - 1;
  // On a narrow terminal the time left goes first, then the rate, then the bar; the name keeps at least 12 columns.
  while (figures.length > 1 && figures.join('  ').length + 16 > usable) figures.pop();
  const tail = figures.join('  ');
  const spare = usable - tail.length - 4;
  const barWidth = spare >= 36 ? Math.min(24, spare - 24) : 0;
  const titleWidth = Math.max(1, Math.min(40, spare - (barWidth === 0 ? 0 : barWidth + 2)));
  const name = `  ${style(shorten(title, titleWidth).padEnd(titleWidth))}`;
  const middle = barWidth === 0 ? '' : `  ${bar(done, total, barWidth, size.colour)}`;
  return usable < 30 ? cut(`${title} ${amounts}`, size.columns) : `${name}${middle}  ${tail}`;
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

/** Keeps the end, where file names differ. */
function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `…${characters.slice(characters.length - width + 1).join('')}`;
}

function cut(text: string, columns: number): string {
  return [...text].slice(0, Math.max(1, columns - 1)).join('');
}
