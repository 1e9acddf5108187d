import type { Crc32c } from '../digest/crc32c.ts';
import type { HashStream } from '../digest/hash-pool.ts';
import type { Sha256 } from '../digest/sha256.ts';
import type { Upload } from '../stores/store.ts';
import type { Slot } from './memory-budget.ts';
import { Turnstile } from './turnstile.ts';

/** How far the parts have come without a gap. */
export interface Frontier {
  /** Bytes written and hashed from the start of the object. */
  readonly offset: number;
  readonly crc32c: Crc32c;
  /** State of the hash at `offset`; undefined for a hash that cannot be saved. */
  readonly hashState: Uint8Array | undefined;
}

interface DonePart {
  readonly crc32c: Crc32c;
  readonly hashState: Uint8Array | undefined;
}

export interface PartSinkOptions {
  readonly upload: Upload;
  readonly hash: HashStream;
  /** Can the hash be saved? Then its state is kept with every part. */
  readonly resumable: boolean;
  readonly start: { readonly offset: number; readonly crc32c: Crc32c };
  readonly onFrontier: (frontier: Frontier) => void;
}

/**
 * Takes parts in any order, writes each at once, and hashes them in order. Writing part 7 therefore goes on
 * while part 3 is still arriving; only the hash waits.
 */
export class PartSink {
  private readonly options: PartSinkOptions;
  private readonly hashing: Turnstile;
  private readonly writing: Turnstile;
  private readonly done = new Map<number, DonePart>();
  private next: number;
  private crc: Crc32c;
  private offset: number;

  constructor(options: PartSinkOptions) {
    this.options = options;
    this.offset = options.start.offset;
    this.crc = options.start.crc32c;
    this.next = options.start.offset / options.upload.partSize + 1;
    this.hashing = new Turnstile(this.next);
    this.writing = new Turnstile(this.next);
  }

  /** Resolves when the part is written and hashed; the slot is given back then, also on failure. */
  async accept(number: number, length: number, slot: Slot, signal: AbortSignal): Promise<void> {
    const bytes = slot.bytes.subarray(0, length);
    const hashed = this.hashInTurn(number, bytes, signal);
    const written = this.write(number, bytes, signal);
    const [hashing, writing] = await Promise.allSettled([hashed, written]);
    slot.release();
    if (writing.status === 'rejected') throw writing.reason;
    if (hashing.status === 'rejected') throw hashing.reason;
    this.done.set(number, { crc32c: writing.value, hashState: hashing.value });
    this.advance();
  }

  /** Ends the hash. To be called once, after every part was accepted. */
  async finish(): Promise<{ readonly sha256: Sha256; readonly crc32c: Crc32c }> {
    return { sha256: await this.options.hash.digest(), crc32c: this.crc };
  }

  private async write(number: number, bytes: Uint8Array, signal: AbortSignal): Promise<Crc32c> {
    const { upload, hash } = this.options;
    const crc = await hash.crc32c(bytes);
    if (!upload.sequential) {
      await upload.writePart(number, bytes, crc.base64, signal);
      return crc;
    }
    await this.writing.reach(number, signal);
    await upload.writePart(number, bytes, crc.base64, signal);
    this.writing.pass(number);
    return crc;
  }

  private async hashInTurn(number: number, bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined> {
    await this.hashing.reach(number, signal);
    const { hash, resumable } = this.options;
    const updated = hash.update(bytes);
    const state = resumable ? hash.save() : undefined;
    // The next part may queue behind this one in the worker at once; it answers in order.
    this.hashing.pass(number);
    await updated;
    return await state;
  }

  private advance(): void {
    const before = this.next;
    let hashState: Uint8Array | undefined;
    for (let part = this.done.get(this.next); part !== undefined; part = this.done.get(this.next)) {
      this.done.delete(this.next);
      this.next += 1;
      this.crc = this.crc.concat(part.crc32c);
      this.offset += part.crc32c.length;
      hashState = part.hashState;
    }
    if (this.next !== before) this.options.onFrontier({ offset: this.offset, crc32c: this.crc, hashState });
  }
}
