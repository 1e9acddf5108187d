import type { ItemProgress } from '../../contract/cloud/progress.ts';
import type { CoreEvent, Reporter } from '../events.ts';
import type { ProgressBoard } from './progress-board.ts';

/** Artifacts shown as under way at most. */
const shown = 16;

/** What passes before left of an item. */
export interface ItemBefore {
  readonly finished: number;
  readonly failed: number;
  readonly bytes: number;
}

/** Turns the events of one pass into how its item stands; without an item, into notes alone. */
export class ItemReporter implements Reporter {
  readonly #name: string | undefined;
  readonly #board: ProgressBoard;
  readonly #active = new Map<string, { done: number; total: number | null }>();
  #finished: number;
  #failed: number;
  #bytes: number;

  constructor(name: string | undefined, before: ItemBefore, board: ProgressBoard) {
    this.#name = name;
    this.#board = board;
    this.#finished = before.finished;
    this.#failed = before.failed;
    this.#bytes = before.bytes;
  }

  emit(event: CoreEvent): void {
    switch (event.type) {
      case 'artifact-started':
        this.#active.set(event.id, { done: 0, total: event.bytes ?? null });
        this.#tell();
        break;
      case 'progress':
        this.#active.set(event.id, { done: event.done, total: event.total ?? null });
        this.#tell();
        break;
      case 'artifact-finished':
        this.#active.delete(event.id);
        this.#finished += 1;
        if (event.state === 'failed' || event.state === 'unresolved') this.#failed += 1;
        else this.#bytes += event.bytes;
        this.#tell(event.reason === undefined ? [] : [`${event.id}: ${event.reason}`]);
        break;
      case 'attempt':
        if (event.outcome !== 'ok') this.#tell([`${event.id}: ${event.reason}`]);
        break;
      case 'retry':
        this.#tell([`${event.id}: ${event.reason}; tried again in ${Math.ceil(event.inSeconds)} s`]);
        break;
      case 'waiting':
        this.#tell([], event.what);
        break;
      case 'note':
        this.#tell([event.message]);
        break;
      case 'run-started':
      case 'run-finished':
      case 'phase':
      case 'planned':
        break;
    }
  }

  /** Nothing is under way any more. */
  pause(why?: string): void {
    this.#tell([], why);
  }

  #tell(notes: readonly string[] = [], waiting?: string): void {
    const active = [...this.#active].map(([id, { done, total }]) => ({ id, done, total }));
    const progress: ItemProgress = {
      finished: this.#finished,
      failed: this.#failed,
      bytes: this.#bytes + active.reduce((sum, { done }) => sum + done, 0),
      active: active.slice(0, shown),
      ...(waiting === undefined ? {} : { waiting }),
    };
    if (this.#name !== undefined) this.#board.tell({ item: [this.#name, progress], notes });
    else if (notes.length > 0) this.#board.tell({ notes });
  }
}
