import type { Progress } from '../../contract/cloud/progress.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { formatBytes } from '../progress/quantities.ts';

export interface RunningRun {
  readonly run: string;
  readonly attempt: string;
  readonly publisher: string;
  readonly release: string;
  /** Undefined while it has not begun. */
  readonly progress: Progress | undefined;
}

const phases: Readonly<Record<Progress['phase'], string>> = {
  plan: 'planning',
  transfer: 'transferring',
  publish: 'publishing',
  replicate: 'replicating',
  'publish-replicas': 'publishing in the replicas',
  report: 'writing the report',
  ended: 'ending',
};

/** How far a run is that has no report yet, for people. */
export function runningSummary({ run, attempt, publisher, release, progress }: RunningRun): readonly string[] {
  const title = `${release}, submitted by ${publisher}: run ${run}, attempt ${attempt}`;
  if (progress === undefined) return [title, 'submitted, and no sign of it yet'];
  const items = Object.values(progress.items);
  const sum = (count: (item: (typeof items)[number]) => number) => items.reduce((all, item) => all + count(item), 0);
  const failed = sum((item) => item.failed);
  const { toMove, artifacts } = progress;
  const moved = formatBytes(sum(({ bytes }) => bytes));
  const figures = [
    toMove === null ? `${artifacts} artifacts` : `${sum(({ finished }) => finished)} of ${toMove.artifacts} artifacts`,
    toMove === null ? moved : `${moved} of ${formatBytes(toMove.bytes)}`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  const waiting = new Set(items.flatMap((item) => item.waiting ?? []));
  return [
    title,
    `${phases[progress.phase]}: ${figures.join(', ')}; since ${progress.startedAt}, last heard of ${progress.updatedAt}`,
    ...items.flatMap(({ active }) => active.map(activeLine)),
    ...[...waiting].map((why) => `waiting: ${escapeUnsafe(why)}`),
    ...progress.notes.slice(-5).map((note) => `note: ${escapeUnsafe(note)}`),
  ];
}

function activeLine({
  id,
  done,
  total,
}: {
  readonly id: string;
  readonly done: number;
  readonly total: number | null;
}) {
  const of = total === null ? '' : ` of ${formatBytes(total)}`;
  return `  ${escapeUnsafe(id)}  ${formatBytes(done)}${of}`;
}
