import type { ItemProgress, Progress } from '../../contract/cloud/progress.ts';
import type { CoreEvent, Reporter } from '../events.ts';

type Phase = Extract<CoreEvent, { type: 'phase' }>['phase'];

const phases: Readonly<Partial<Record<Progress['phase'], Phase>>> = {
  plan: 'survey',
  transfer: 'transfer',
  publish: 'publish',
  replicate: 'replicate',
  'publish-replicas': 'replicate',
};

/** Makes of one `progress.json` after the other the events that a run on this machine would have sent. */
export class ProgressEvents {
  readonly #reporter: Reporter;
  #begun = false;
  #phase = '';
  #planned = '';
  #notes: readonly string[] = [];
  readonly #waiting = new Map<string, string>();

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  /** Tells what is new since the last call. */
  take(progress: Progress): void {
    const { release, artifacts, toMove } = progress;
    if (!this.#begun) this.#reporter.emit({ type: 'run-started', job: 'stage', release, artifacts });
    this.#begun = true;
    this.#tellPhase(progress);
    const planned = JSON.stringify(toMove);
    if (toMove !== null && planned !== this.#planned) this.#reporter.emit({ type: 'planned', ...toMove });
    this.#planned = planned;
    for (const message of newNotes(this.#notes, progress.notes)) this.#reporter.emit({ type: 'note', message });
    this.#notes = progress.notes;
    for (const [name, item] of Object.entries(progress.items)) this.#wait(name, item);
    this.#reporter.emit({ type: 'standing', ...standing(progress) });
  }

  /** A replica begins from nothing, and so do the figures: its phase names it. */
  #tellPhase(progress: Progress): void {
    const phase = phases[progress.phase];
    if (phase === undefined) return;
    const store = phase === 'replicate' ? replicaOf(progress) : undefined;
    const told = `${phase} ${store}`;
    if (told === this.#phase) return;
    this.#phase = told;
    this.#reporter.emit({ type: 'phase', phase, ...(store === undefined ? {} : { store }) });
  }

  /** Why an item waits is said once, not at every look. */
  #wait(name: string, { waiting }: ItemProgress): void {
    if (waiting !== undefined && this.#waiting.get(name) !== waiting) {
      const others = [...this.#waiting.values()];
      if (!others.includes(waiting)) this.#reporter.emit({ type: 'note', message: `waiting: ${waiting}` });
    }
    if (waiting === undefined) this.#waiting.delete(name);
    else this.#waiting.set(name, waiting);
  }
}

/** Items of transfers are numbers; those of copies have the name of the replica in front. */
const replicaItem = /^([a-z]+)-\d+$/;

function replicaOf({ items }: Progress): string | undefined {
  return Object.keys(items).flatMap((name) => replicaItem.exec(name)?.[1] ?? [])[0];
}

type Standing = Extract<CoreEvent, { type: 'standing' }>;

function standing({ items, phase, artifacts, toMove }: Progress): Omit<Standing, 'type'> {
  const copies = phases[phase] === 'replicate';
  const counted = Object.entries(items).flatMap(([name, item]) =>
    (copies ? replicaItem : /^\d+$/).test(name) ? [item] : [],
  );
  const sum = (count: (item: ItemProgress) => number) => counted.reduce((all, item) => all + count(item), 0);
  // What was there before belongs to no item.
  const present = copies || toMove === null ? 0 : Math.max(0, artifacts - toMove.artifacts);
  return {
    finished: present + sum(({ finished }) => finished),
    failed: sum(({ failed }) => failed),
    bytes: sum(({ bytes }) => bytes),
    active: counted.flatMap(({ active }) =>
      active.map(({ id, done, total }) => ({ id, done, total: total ?? undefined })),
    ),
  };
}

/** The latest lines are kept, so that the older ones fall out at the front: what follows the longest overlap is new. */
function newNotes(before: readonly string[], now: readonly string[]): readonly string[] {
  for (let kept = Math.min(before.length, now.length); kept > 0; kept -= 1) {
    const overlap = before.slice(before.length - kept);
    if (overlap.every((line, index) => line === now[index])) return now.slice(kept);
  }
  return now;
}
