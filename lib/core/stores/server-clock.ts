import type { Clock } from '../clock.ts';

/** Milliseconds for which what one answer told about the server's clock is believed. */
const lifetime = 5 * 60 * 1000;

/**
 * The clock of a server, as the `Date` headers of its answers tell it. The header has whole seconds and a request
 * takes time, so one answer gives an interval; several narrow it down.
 */
export class ServerClock {
  readonly #clock: Clock;
  /** Milliseconds that the server is ahead: at least, at most; and when that was learnt. */
  #known: { readonly least: number; readonly most: number; readonly at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param sent, received Local time in milliseconds. */
  learn(header: string | undefined, sent: number, received: number): void {
    const date = Date.parse(header ?? '');
    if (Number.isNaN(date)) return;
    const sample = { least: date - received, most: date + 1000 - sent, at: received };
    const known = this.#fresh(received);
    const least = Math.max(sample.least, known?.least ?? -Infinity);
    const most = Math.min(sample.most, known?.most ?? Infinity);
    // An empty meeting means that one of the clocks was set: only the newest answer counts then.
    this.#known = least <= most ? { least, most, at: known?.at ?? received } : sample;
  }

  /** Milliseconds that the server is ahead; undefined when nothing recent is known. */
  get ahead(): number | undefined {
    const known = this.#fresh(this.#clock.now().getTime());
    return known === undefined ? undefined : Math.round((known.least + known.most) / 2);
  }

  #fresh(now: number) {
    const known = this.#known;
    return known !== undefined && now >= known.at && now - known.at < lifetime ? known : undefined;
  }
}
