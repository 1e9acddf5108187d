/** Something that goes wrong with the next requests that match; plain data, so that another process can ask for it. */
export interface Fault {
  /** Regular expression over `METHOD /path?query content-range`. */
  readonly match: string;
  /** How often; once when absent. */
  readonly times?: number;
  /**
   * `drop-before`: the connection is cut before anything is done. `drop-after`: it is done, and the answer is lost.
   * `status`: answered so without doing it. `keep`: a chunk of which only so many bytes are persisted.
   * `flip`: a byte in the middle of the body is another one when it arrives. `cut`: half of the answer's body.
   * `stale`: the bytes of the generation before the live one, as from a cache.
   */
  readonly action: 'drop-before' | 'drop-after' | 'status' | 'keep' | 'flip' | 'cut' | 'stale';
  readonly status?: number;
  /** Seconds. */
  readonly retryAfter?: number;
  /** Bytes, with `keep`. */
  readonly keep?: number;
}

export class Faults {
  #pending: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#pending.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#pending = [];
  }

  /** The fault that this request meets; it is used up by that. */
  take(request: string): Fault | undefined {
    const found = this.#pending.find(({ fault, left }) => left > 0 && new RegExp(fault.match).test(request));
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault;
  }
}
