/** Seconds that an estimate looks back over. */
const windowSeconds = 10;

/** Bytes a second over the last few seconds: steady enough to read, quick enough to show a stall. */
export class RateMeter {
  private readonly samples: { readonly at: number; total: number }[] = [];
  private total = 0;

  /**
   * @param bytes that arrived
   * @param at seconds on any clock that only goes forward
   */
  add(bytes: number, at: number): void {
    this.total += bytes;
    const last = this.samples.at(-1);
    // Ten samples a second are enough, however many events there are.
    if (last !== undefined && at - last.at < 0.1) last.total = this.total;
    else this.samples.push({ at, total: this.total });
    this.forget(at);
  }

  /** Bytes a second, or undefined until half a second was seen. */
  rate(at: number): number | undefined {
    this.forget(at);
    const first = this.samples[0];
    if (first === undefined || at - first.at < 0.5) return undefined;
    return (this.total - first.total) / (at - first.at);
  }

  /** Keeps one sample older than the window, as its beginning. */
  private forget(at: number): void {
    while (this.samples[1] !== undefined && at - this.samples[1].at >= windowSeconds) this.samples.shift();
  }
}
