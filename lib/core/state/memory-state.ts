import { type Clock, systemClock } from '../clock.ts';
import type { StateCondition, StateDocument, StateStore } from './state-store.ts';

/** Working state in memory, for tests. */
export class MemoryState implements StateStore {
  readonly location = 'memory:';
  readonly shared = false;
  readonly #clock: Clock;
  readonly #documents = new Map<string, StateDocument>();
  #count = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async now(): Promise<Date> {
    return this.#clock.now();
  }

  async read(name: string): Promise<StateDocument | undefined> {
    return this.#documents.get(name);
  }

  async write(name: string, text: string, condition: StateCondition): Promise<string | undefined> {
    const current = this.#documents.get(name)?.tag;
    const holds = 'ifAbsent' in condition ? current === undefined : current === condition.ifMatch;
    if (!holds) return undefined;
    this.#count += 1;
    const tag = String(this.#count);
    this.#documents.set(name, { text, tag });
    return tag;
  }

  async remove(name: string, ifMatch?: string): Promise<boolean> {
    const current = this.#documents.get(name);
    if (current !== undefined && ifMatch !== undefined && current.tag !== ifMatch) return false;
    this.#documents.delete(name);
    return true;
  }

  async list(prefix: string): Promise<readonly string[]> {
    return [...this.#documents.keys()].filter((name) => name.startsWith(prefix)).sort();
  }
}
