import { availableParallelism, loadavg, totalmem } from 'node:os';
import { alignedRows } from '../lib/cli/aligned-rows.ts';
import { formatBytes } from '../lib/cli/progress/quantities.ts';
import type { Measured } from './measure.ts';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError('no values');
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** One kind of run, measured several times. */
export interface Series {
  readonly name: string;
  readonly runs: readonly Measured[];
}

/** A table of medians, with the wall times of all runs. */
export function table(series: readonly Series[]): readonly string[] {
  const head = ['', 'wall s', 'CPU s', 'peak memory', 'all wall times'];
  const rows = series.map(({ name, runs }) => [
    name,
    median(runs.map(({ wall }) => wall)).toFixed(2),
    median(runs.map(({ cpu }) => cpu)).toFixed(2),
    formatBytes(median(runs.map(({ peak }) => peak))),
    runs.map(({ wall }) => wall.toFixed(2)).join(' '),
  ]);
  return alignedRows([head, ...rows]);
}

/** Runs of the same round stand beside each other in time, so their ratio suffers least from what else the machine does. */
export function medianRatio(a: Series, b: Series): number {
  return median(a.runs.map(({ wall }, round) => wall / (b.runs[round]?.wall ?? Number.NaN)));
}

/** One line that sets a figure against its target. */
export function verdict(
  what: string,
  value: number,
  relation: 'at most' | 'at least',
  target: number,
  unit = '',
): string {
  const holds = relation === 'at most' ? value <= target : value >= target;
  return `${holds ? 'holds' : 'MISSED'}: ${what}: ${amount(value, unit)} (target: ${relation} ${amount(target, unit)})`;
}

function amount(value: number, unit: string): string {
  if (unit === 'bytes') return formatBytes(value);
  return `${Number.isInteger(value) ? value : value.toFixed(2)}${unit}`;
}

/** The machine in one line: what a figure is worth nothing without. */
export function machine(): string {
  const load = loadavg().map((value) => value.toFixed(1));
  return `${availableParallelism()} cores, ${formatBytes(totalmem())} of memory, Node ${process.versions.node}, load ${load.join(' ')}`;
}
