import { type ItemProgress, type Progress, progressSchema } from '../../contract/cloud/progress.ts';
import { type AttemptPlace, progressKey } from '../../contract/cloud/state-keys.ts';
import type { Clock } from '../clock.ts';
import { WeighbridgeError } from '../errors.ts';
import type { PutCondition, Store } from '../stores/store.ts';

/** Bytes; some thousands of items, and fifty notes. */
const limit = 8 << 20;
/** Tries against other writers before a change is left to the next one. */
const tries = 6;
/** Seconds between two changes of one pass. */
const pause = 5;
const mostNotes = 50;
/** Notes are for people at a terminal. */
const longestNote = 500;

/** What one pass has to say: of its item, or of the run. */
export interface ProgressChange {
  readonly phase?: Progress['phase'];
  readonly toMove?: NonNullable<Progress['toMove']>;
  /** Name of the item, and how it stands. */
  readonly item?: readonly [name: string, progress: ItemProgress];
  readonly notes?: readonly string[];
}

type BoardPorts = { readonly state: Store; readonly clock: Clock };

/**
 * `progress.json` of an attempt. All passes write it at once, so that it is read, merged and swapped; a change that
 * others keep coming between is left out, and so is one that the store refuses: nothing rests on it.
 */
export class ProgressBoard {
  readonly #key: string;
  readonly #ports: BoardPorts;
  #pending: ProgressChange | undefined;
  #writing: Promise<void> | undefined;
  readonly #ended = new AbortController();

  constructor(place: AttemptPlace, ports: BoardPorts) {
    this.#key = progressKey(place);
    this.#ports = ports;
  }

  /** Puts the board up, unless it is there. */
  async begin(
    progress: Omit<Progress, 'format' | 'updatedAt' | 'items' | 'notes' | 'toMove' | 'phase'>,
  ): Promise<void> {
    const now = this.#ports.clock.now().toISOString();
    const whole: Progress = {
      ...progress,
      format: 1,
      phase: 'plan',
      toMove: null,
      items: {},
      notes: [],
      updatedAt: now,
    };
    await bestEffort(() => this.#put(whole, { ifAbsent: true }));
  }

  /** Takes a change in; it is written soon, together with what comes until then. */
  tell(change: ProgressChange): void {
    this.#pending = merged(this.#pending, change);
    if (this.#writing !== undefined) return;
    this.#writing = this.#writeSoon();
    // A defect shows when the board is closed.
    this.#writing.catch(() => undefined);
  }

  /** Writes what was told and not written. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#writing;
    await this.#write();
  }

  async #writeSoon(): Promise<void> {
    const { clock } = this.#ports;
    while (this.#pending !== undefined && !this.#ended.signal.aborted) {
      await this.#write();
      // Passes that began together are not to meet at every write.
      await clock.sleep(pause + Math.random() * 2, this.#ended.signal).catch(() => undefined);
    }
    this.#writing = undefined;
  }

  async #write(): Promise<void> {
    const change = this.#pending;
    this.#pending = undefined;
    if (change !== undefined) await bestEffort(() => this.#swap(change));
  }

  async #swap(change: ProgressChange): Promise<void> {
    for (let round = 0; round < tries; round += 1) {
      const found = await this.#ports.state.get(this.#key, limit);
      const present = found && progressSchema.safeParse(parse(found.bytes)).data;
      if (found === undefined || present === undefined) return;
      const updatedAt = this.#ports.clock.now().toISOString();
      if (await this.#put({ ...applied(present, change), updatedAt }, { ifMatch: found.stat.etag })) return;
      await this.#ports.clock.sleep(Math.random() * 0.1 * 2 ** round);
    }
  }

  async #put(progress: Progress, condition: PutCondition): Promise<boolean> {
    const attributes = { contentType: 'application/json', cacheControl: 'no-store' };
    const bytes = Buffer.from(JSON.stringify(progress));
    return (await this.#ports.state.put(this.#key, bytes, condition, attributes)).outcome === 'created';
  }
}

const phases = progressSchema.shape.phase.options;

/** A pass that was called a second time never takes the run back to an earlier phase. */
function later(one: Progress['phase'], other: Progress['phase'] | undefined): Progress['phase'] {
  return other !== undefined && phases.indexOf(other) > phases.indexOf(one) ? other : one;
}

function applied(present: Progress, { phase, toMove, item, notes = [] }: ProgressChange): Progress {
  const all = [...present.notes, ...notes.map((note) => note.slice(0, longestNote))];
  return {
    ...present,
    phase: later(present.phase, phase),
    toMove: toMove ?? present.toMove,
    items: item === undefined ? present.items : { ...present.items, [item[0]]: item[1] },
    notes: all.slice(-mostNotes),
  };
}

function merged(before: ProgressChange | undefined, after: ProgressChange): ProgressChange {
  const notes = [...(before?.notes ?? []), ...(after.notes ?? [])].slice(-mostNotes);
  return { ...before, ...after, notes };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

async function bestEffort(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof WeighbridgeError)) throw error;
  }
}
