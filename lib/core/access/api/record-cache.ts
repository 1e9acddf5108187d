import type { Clock } from '../../clock.ts';

export interface RecordCacheOptions<V> {
  readonly clock: Clock;
  /** Seconds after which a value is read again. */
  readonly maxAge: number;
  /** What all values together may weigh; the newest is kept even where it is heavier alone. */
  readonly budget: number;
  weigh(value: V): number;
}

interface Kept<V> {
  readonly value: V;
  readonly weight: number;
  /** When its reading began, in milliseconds. */
  readonly at: number;
}

/** Values that are dear to read: each is read once for all who ask at the same time. Failures are not kept. */
export class RecordCache<V> {
  readonly #options: RecordCacheOptions<V>;
  readonly #kept = new Map<string, Kept<V>>();
  readonly #loading = new Map<string, Promise<V>>();
  #weight = 0;

  constructor(options: RecordCacheOptions<V>) {
    this.#options = options;
  }

  /**
   * @param load told the old value, which it may return again
   * @param maxAge seconds, where this caller wants it younger
   */
  async get(key: string, load: (old: V | undefined) => Promise<V>, maxAge: number = this.#options.maxAge): Promise<V> {
    const kept = this.#kept.get(key);
    const age = kept === undefined ? Infinity : this.#options.clock.now().getTime() - kept.at;
    // A clock that was set back must not keep a value for ever.
    if (kept !== undefined && age >= 0 && age <= maxAge * 1000) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept.value;
    }
    const loading = this.#loading.get(key) ?? this.#load(key, load(kept?.value));
    return await loading;
  }

  #load(key: string, reading: Promise<V>): Promise<V> {
    const at = this.#options.clock.now().getTime();
    const loading = reading
      .then((value) => {
        this.#keep(key, { value, weight: this.#options.weigh(value), at });
        return value;
      })
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  #keep(key: string, kept: Kept<V>): void {
    this.#drop(key);
    this.#kept.set(key, kept);
    this.#weight += kept.weight;
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= this.#options.budget || oldest === key) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#weight -= this.#kept.get(key)?.weight ?? 0;
    this.#kept.delete(key);
  }
}
