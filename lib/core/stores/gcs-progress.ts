import type { GcsChannel } from './gcs-channel.ts';
import type { GcsSession, SessionState } from './gcs-session.ts';
import { StoreError } from './store.ts';

/** How far an upload session is, and what brings it further. */
export class GcsProgress {
  readonly session: GcsSession;
  readonly #channel: GcsChannel;
  readonly #key: string;
  /** What the session was last known to hold; not to be relied on after an attempt without an answer. */
  #persisted: number;
  #certain = true;
  #lost: boolean;
  #gone = false;
  #finishing = false;

  /** @param lost The key was taken before the session began. */
  constructor(channel: GcsChannel, key: string, session: GcsSession, persisted: number, lost: boolean) {
    this.#channel = channel;
    this.#key = key;
    this.session = session;
    this.#persisted = persisted;
    this.#lost = lost;
  }

  /** Bytes. */
  get persisted(): number {
    return this.#persisted;
  }

  /** The session said that its condition no longer holds: nothing will come of it, and it is over. */
  get lost(): boolean {
    return this.#lost;
  }

  /** A finishing request went out: the object may be there, whatever the session says. */
  get finishing(): boolean {
    return this.#finishing;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Asks the session, unless its last answer is known. */
  async settle(signal?: AbortSignal): Promise<void> {
    if (!this.#certain && !this.#lost) this.take(await this.session.status(signal));
  }

  /** Sends what the session lacks of a part, which may be less than the part, as often as it takes. */
  async sendPart(start: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const end = start + bytes.byteLength;
    await this.#channel.patiently(async () => {
      await this.settle(signal);
      while (!this.#lost && this.#persisted < end) this.take(await this.#send(start, bytes, undefined, signal));
    }, signal);
  }

  /**
   * One attempt to send what the session lacks of its last bytes, which lie at `start`. The answer is to be given to
   * `take`, unless it ends the session.
   */
  async finish(
    start: number,
    bytes: Uint8Array,
    crc32c: string | undefined,
    signal: AbortSignal,
  ): Promise<SessionState> {
    this.#finishing = true;
    return await this.#send(start, bytes, crc32c, signal);
  }

  /** @throws StoreError unless the session goes on, or lost its condition. */
  take(state: SessionState): void {
    if (state.kind === 'persisted') {
      this.#persisted = state.bytes;
      this.#certain = true;
    } else if (state.kind === 'lost') {
      this.#lost = true;
    } else if (state.kind === 'refused') {
      throw this.#stuck(this.#persisted);
    } else {
      this.#gone = true;
      throw uploadGone(this.#key);
    }
  }

  async #send(
    start: number,
    bytes: Uint8Array,
    crc32c: string | undefined,
    signal: AbortSignal,
  ): Promise<SessionState> {
    const from = this.#persisted;
    if (from < start) {
      throw new StoreError(`the upload of ${this.#key} went back to byte ${from}`, { freshUpload: true });
    }
    this.#certain = false;
    const state = await this.session.send(from, bytes.subarray(from - start), crc32c, signal);
    if (state.kind === 'persisted' && state.bytes <= from) throw this.#stuck(state.bytes);
    return state;
  }

  #stuck(at: number): StoreError {
    return new StoreError(`uploading ${this.#key}: the session takes nothing at byte ${at}`, { retryable: true });
  }
}

export function uploadGone(key: string): StoreError {
  return new StoreError(`the upload of ${key} is gone`, { freshUpload: true, evidence: { key } });
}
