import type { z } from 'zod';
import { type AttemptPlace, attemptPrefix } from '../../contract/cloud/state-keys.ts';
import type { StateCondition, StateDocument, StateStore } from '../state/state-store.ts';
import { StoreError } from '../stores/store.ts';

/** Swaps that others may win before it counts as a fault. */
const rounds = 100;

/**
 * The documents of one attempt in the working state. Whatever a state leaves for the next one is written here once,
 * or replaced by compare-and-swap: any state may be killed at any moment, or run twice at once.
 */
export class AttemptRecords {
  readonly #work: StateStore;
  readonly #prefix: string;

  constructor(work: StateStore, place: AttemptPlace) {
    this.#work = work;
    this.#prefix = attemptPrefix(place);
  }

  /** Undefined when there is none. @throws StoreError when it is none of this program's. */
  async read<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const found = await this.#work.read(this.#prefix + name);
    return found && parseDocument(this.#prefix + name, found, schema);
  }

  /** The document that is there from now on: this one, or what somebody else had written. */
  async createOnce<T>(name: string, value: T, schema: z.ZodType<T>): Promise<T> {
    if (await this.#write(name, JSON.stringify(value), { ifAbsent: true })) return value;
    const theirs = await this.read(name, schema);
    if (theirs === undefined) throw new StoreError(`${name} of the working state appeared and vanished`);
    return theirs;
  }

  /** Writes text that is the same whoever writes it. */
  async createText(name: string, text: string): Promise<void> {
    await this.#write(name, text, { ifAbsent: true });
  }

  /** Replaces a document by what `change` makes of it. @returns what is there then. */
  async update<T>(name: string, schema: z.ZodType<T>, change: (present: T | undefined) => T): Promise<T> {
    return await updateDocument(this.#work, this.#prefix + name, schema, change);
  }

  async #write(name: string, text: string, condition: StateCondition): Promise<boolean> {
    return (await this.#work.write(this.#prefix + name, text, condition)) !== undefined;
  }
}

/** Replaces a document of the working state by compare-and-swap until nobody comes between. @returns what is there then. */
export async function updateDocument<T>(
  work: StateStore,
  name: string,
  schema: z.ZodType<T>,
  change: (present: T | undefined) => T,
): Promise<T> {
  for (let round = 0; round < rounds; round += 1) {
    const found = await work.read(name);
    const present = found && parseDocument(name, found, schema);
    const wanted = change(present);
    if (present !== undefined && wanted === present) return present;
    const condition = found === undefined ? ({ ifAbsent: true } as const) : { ifMatch: found.tag };
    if ((await work.write(name, JSON.stringify(wanted), condition)) !== undefined) return wanted;
  }
  throw new StoreError(`${name} of the working state changes faster than it can be written`, { retryable: true });
}

export function parseDocument<T>(name: string, { text }: StateDocument, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StoreError(`${name} of the working state is no JSON`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StoreError(`${name} of the working state is not of this version`, { cause: parsed.error });
}
