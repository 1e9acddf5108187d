import type { Reporter } from '../events.ts';

/** Bytes between two events: fine enough for a live display, coarse enough to cost nothing. */
const step = 1 << 20;

/** Turns counts of received bytes into progress events of one artifact. */
export class ProgressMeter {
  private readonly id: string;
  private readonly total: number;
  private readonly reporter: Reporter;
  private done: number;
  private told: number;

  /** @param done Bytes there already, after a resume. */
  constructor(id: string, total: number, done: number, reporter: Reporter) {
    this.id = id;
    this.total = total;
    this.reporter = reporter;
    this.done = done;
    this.told = done;
    if (done > 0) this.tell();
  }

  add(bytes: number): void {
    this.done += bytes;
    if (this.done - this.told >= step) this.tell();
  }

  /** Tells what `add` kept back. */
  end(): void {
    if (this.done !== this.told) this.tell();
  }

  private tell(): void {
    this.told = this.done;
    this.reporter.emit({ type: 'progress', id: this.id, done: this.done, total: this.total });
  }
}
