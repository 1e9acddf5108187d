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
  #phase: Phase | undefined;
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
    const phase = phases[progress.phase];
    if (phase !== undefined && phase !== this.#phase) this.#reporter.emit({ type: 'phase', phase });
    this.#phase = phase ?? this.#phase;
    const planned = JSON.stringify(toMove);
    if (toMove !== null && planned !== this.#planned) this.#reporter.emit({ type: 'planned', ...toMove });
    this.#planned = planned;
    for (const message of newNotes(this.#notes, progress.notes)) this.#reporter.emit({ type: 'note', message });
    this.#notes = progress.notes;
    for (const [name, item] of Object.entries(progress.items)) this.#wait(name, item);
    this.#reporter.emit({ type: 'standing', ...standing(Object.values(progress.items)) });
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

function standing(items: readonly ItemProgress[]): Omit<Extract<CoreEvent, { type: 'standing' }>, 'type'> {
  const sum = (count: (item: ItemProgress) => number) => items.reduce((all, item) => all + count(item), 0);
  return {
    finished: sum(({ finished }) => finished),
    failed: sum(({ failed }) => failed),
    bytes: sum(({ bytes }) => bytes),
    active: items.flatMap(({ active }) =>
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
