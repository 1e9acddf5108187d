import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { StateStore } from '../state/state-store.ts';

const sentSchema = z.object({ format: z.literal(1), size: z.number().int().nonnegative(), sentAt: z.iso.datetime() });

/**
 * What this machine knows to be in an inbox. A publisher may write there and not look, so that without this memory a
 * file would be sent again to learn that it is there.
 */
export class SentFiles {
  readonly #state: StateStore;
  readonly #clock: Clock;
  readonly #keptSeconds: number;

  /** @param keptDays Days after which the inbox forgets; here they are forgotten a day sooner. */
  constructor(state: StateStore, clock: Clock, keptDays: number) {
    this.#state = state;
    this.#clock = clock;
    this.#keptSeconds = (keptDays - 1) * 86_400;
  }

  /** @param destination Id of bucket and key (`destinationOf`). */
  async has(destination: string, size: number): Promise<boolean> {
    const document = await this.#state.read(nameOf(destination));
    const sent = sentSchema.safeParse(document === undefined ? undefined : parse(document.text)).data;
    if (sent === undefined || sent.size !== size) return false;
    return this.#clock.now().getTime() - Date.parse(sent.sentAt) < this.#keptSeconds * 1000;
  }

  async add(destination: string, size: number): Promise<void> {
    const text = JSON.stringify({ format: 1, size, sentAt: this.#clock.now().toISOString() });
    const before = await this.#state.read(nameOf(destination));
    // Whoever writes meanwhile writes the same.
    await this.#state.write(
      nameOf(destination),
      text,
      before === undefined ? { ifAbsent: true } : { ifMatch: before.tag },
    );
  }

  /** The pipeline did not find it there, or found other bytes. */
  async forget(destination: string): Promise<void> {
    await this.#state.remove(nameOf(destination));
  }
}

function nameOf(destination: string): string {
  return `inbox/${destination}.json`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
