import { type GcsObject, newMark, parseObject, statOf } from './gcs-object.ts';
import { foundInstead, type GcsPlace, lookAt, removeGeneration } from './gcs-place.ts';
import { GcsSession, type SessionState } from './gcs-session.ts';
import { formatUploadId, parseUploadId } from './gcs-upload-id.ts';
import { partCount, partRange } from './part-sizes.ts';
import {
  type PartReceipt,
  type PutResult,
  StoreError,
  type Upload,
  type UploadRequest,
  type UploadSeal,
} from './store.ts';

interface GcsUploadOptions {
  readonly place: GcsPlace;
  readonly key: string;
  readonly request: UploadRequest;
  readonly session: GcsSession;
  readonly partSize: number;
  readonly mark: string;
  /** Bytes that the session holds already. */
  readonly persisted: number;
  /** The key was taken before the session began. */
  readonly lost?: boolean;
}

/**
 * An upload session whose last part stays in memory until the whole is proven: `complete` sends it together with the
 * CRC32C of the whole object, and GCS itself refuses to make an object of other bytes.
 */
export class GcsUpload implements Upload {
  readonly key: string;
  readonly id: string;
  readonly request: UploadRequest;
  readonly partSize: number;
  readonly sequential = true;
  readonly #place: GcsPlace;
  readonly #session: GcsSession;
  readonly #mark: string;
  readonly #checksums = new Map<number, string>();
  /** What the session was last known to hold; not to be relied on after an attempt without an answer. */
  #persisted: number;
  #certain = true;
  /** The last part. */
  #held: Uint8Array | undefined;
  /** A finishing request went out: the object may be there. */
  #finishing = false;
  /** The session said that its condition no longer holds. */
  #lost: boolean;
  #closed = false;

  constructor(options: GcsUploadOptions) {
    const { place, key, request, session, partSize, mark } = options;
    this.key = key;
    this.request = request;
    this.partSize = partSize;
    this.#place = place;
    this.#session = session;
    this.#mark = mark;
    this.#persisted = options.persisted;
    this.#lost = options.lost ?? false;
    const about = { uri: session.uri, size: request.size, partSize, mark, crc32c: request.crc32c };
    this.id = formatUploadId(about, place.channel.bucket, place.prefix + key);
  }

  static async begin(place: GcsPlace, key: string, request: UploadRequest, partSize: number): Promise<GcsUpload> {
    const mark = newMark();
    const { channel, prefix, settings } = place;
    const object = { name: prefix + key, attributes: request, settings, mark, crc32c: request.crc32c };
    const session = await GcsSession.start(channel, key, request.size, object);
    const opened = session ?? new GcsSession(channel, key, request.size, new URL(channel.uploadPath, channel.endpoint));
    const lost = session === undefined;
    return new GcsUpload({ place, key, request, session: opened, partSize, mark, persisted: 0, lost });
  }

  /** Undefined where the session is gone, is finished, or was begun for something else. */
  static async resume(
    place: GcsPlace,
    key: string,
    id: string,
    request: UploadRequest,
  ): Promise<GcsUpload | undefined> {
    const { channel, prefix } = place;
    const known = parseUploadId(id, channel.endpoint, channel.bucket, prefix + key);
    // Asking after a session of no bytes would finish it.
    if (known === undefined || known.size !== request.size || known.size === 0) return undefined;
    if (known.crc32c !== undefined && request.crc32c !== undefined && known.crc32c !== request.crc32c) return undefined;
    const session = new GcsSession(channel, key, known.size, known.uri);
    const state = await channel.patiently(() => session.status());
    if (state.kind !== 'persisted') return undefined;
    const { partSize, mark } = known;
    return new GcsUpload({ place, key, request, session, partSize, mark, persisted: state.bytes });
  }

  async parts(): Promise<readonly PartReceipt[]> {
    if (!this.#certain) await this.#place.channel.patiently(() => this.#synchronise());
    const count = partCount(this.request.size, this.partSize);
    const whole = Math.min(Math.floor(this.#persisted / this.partSize), this.#lastNumber - 1);
    return Array.from({ length: count }, (_, index) => index + 1)
      .filter((number) => number <= whole || (number === count && this.#held !== undefined))
      .map((number) => this.#receipt(number));
  }

  async writePart(number: number, bytes: Uint8Array, crc32c: string, signal: AbortSignal): Promise<PartReceipt> {
    signal.throwIfAborted();
    this.#mustBeOpen();
    const { start, end } = partRange(number, this.request.size, this.partSize);
    if (!Number.isInteger(number) || number < 1 || end <= start)
      throw new StoreError(`${this.key} has no part ${number}`);
    if (bytes.byteLength !== end - start) {
      throw new StoreError(`part ${number} of ${this.key} has ${bytes.byteLength} bytes instead of ${end - start}`);
    }
    if (!this.#lost && start > this.#persisted) {
      throw new StoreError(`part ${number} of ${this.key} came before byte ${this.#persisted} was written`, {
        freshUpload: true,
      });
    }
    if (number === this.#lastNumber) {
      // The caller's memory is reused as soon as this returns.
      this.#held = new Uint8Array(bytes);
    } else {
      const known = this.#checksums.get(number);
      if (known !== undefined && known !== crc32c) {
        throw new StoreError(`part ${number} of ${this.key} was sent already and cannot be replaced by other bytes`);
      }
      await this.#sendPart(start, end, bytes, signal);
    }
    this.#checksums.set(number, crc32c);
    return this.#receipt(number);
  }

  async complete(seal: UploadSeal, signal: AbortSignal): Promise<PutResult> {
    signal.throwIfAborted();
    this.#mustBeOpen();
    const hash = this.#checkSeal(seal);
    const { channel } = this.#place;
    const result = await channel.patiently(() => this.#finish(hash, signal), signal);
    this.#closed = true;
    this.#held = undefined;
    return result;
  }

  async abort(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#held = undefined;
    // A session whose condition failed is over.
    if (!this.#lost) await this.#session.cancel();
  }

  async detach(): Promise<void> {
    this.#closed = true;
    this.#held = undefined;
  }

  get #lastNumber(): number {
    return partCount(this.request.size, this.partSize);
  }

  get #lastStart(): number {
    return Math.max(0, this.#lastNumber - 1) * this.partSize;
  }

  #receipt(number: number): PartReceipt {
    const { start, end } = partRange(number, this.request.size, this.partSize);
    return { number, size: end - start, crc32c: this.#checksums.get(number) ?? '' };
  }

  #mustBeOpen(): void {
    if (this.#closed) throw this.#gone();
  }

  #gone(): StoreError {
    return new StoreError(`the upload of ${this.key} is gone`, { freshUpload: true, evidence: { key: this.key } });
  }

  /** Sends what the session lacks of a part, which may be less than the part, as often as it takes. */
  async #sendPart(start: number, end: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#place.channel.patiently(async () => {
      if (!this.#certain) await this.#synchronise(signal);
      while (!this.#lost && this.#persisted < end) {
        const from = this.#persisted;
        if (from < start) throw this.#lostBytes(from);
        this.#certain = false;
        this.#take(await this.#session.send(from, bytes.subarray(from - start), undefined, signal));
        if (!this.#lost && this.#persisted <= from) throw this.#stuck(from);
      }
    }, signal);
  }

  async #synchronise(signal?: AbortSignal): Promise<void> {
    this.#take(await this.#session.status(signal));
  }

  #take(state: SessionState): void {
    if (state.kind === 'persisted') {
      this.#persisted = state.bytes;
      this.#certain = true;
    } else if (state.kind === 'lost') {
      this.#lost = true;
    } else if (state.kind === 'refused') {
      throw this.#stuck(this.#persisted);
    } else {
      this.#closed = true;
      throw this.#gone();
    }
  }

  #stuck(at: number): StoreError {
    return new StoreError(`uploading ${this.key}: the session takes nothing at byte ${at}`, { retryable: true });
  }

  #lostBytes(at: number): StoreError {
    return new StoreError(`the upload of ${this.key} went back to byte ${at}`, { freshUpload: true });
  }

  #checkSeal(seal: UploadSeal): string | undefined {
    const { size, crc32c } = this.request;
    if (seal.size !== size) {
      throw new StoreError(`${this.key} was begun with ${size} bytes and cannot be completed with ${seal.size}`);
    }
    if (crc32c !== undefined && seal.crc32c !== undefined && crc32c !== seal.crc32c) {
      throw new StoreError(`${this.key} was begun with another checksum than it is completed with`);
    }
    if (!this.#lost && size > 0 && (this.#held === undefined || this.#persisted < this.#lastStart)) {
      throw new StoreError(`a part of ${this.key} is missing`);
    }
    return seal.crc32c ?? crc32c;
  }

  /** One attempt. After an answer that was lost, the object itself is asked before the session is. */
  async #finish(hash: string | undefined, signal: AbortSignal): Promise<PutResult> {
    if (this.#finishing) {
      const found = await this.#look(signal);
      if (found !== undefined) return await this.#judge(found, hash);
      this.#certain = this.request.size === 0;
    }
    if (!this.#certain) await this.#synchronise(signal);
    const last = this.#held ?? new Uint8Array();
    while (!this.#lost) {
      const from = this.#persisted;
      if (from < this.#lastStart) throw this.#lostBytes(from);
      this.#certain = false;
      this.#finishing = true;
      const state = await this.#session.send(from, last.subarray(from - this.#lastStart), hash, signal);
      if (state.kind === 'finished') {
        const object = parseObject(state.reply.json()) ?? (await this.#look(signal));
        if (object === undefined) throw new StoreError(`completing ${this.key}: it vanished at once`);
        return await this.#proven(object, hash);
      }
      if (state.kind === 'gone' || state.kind === 'refused') return await this.#afterRefusal(state.kind, hash, signal);
      this.#take(state);
      if (!this.#lost && this.#persisted <= from) throw this.#stuck(from);
    }
    return await this.#instead(await this.#look(signal));
  }

  async #look(signal: AbortSignal): Promise<GcsObject | undefined> {
    return await lookAt(this.#place, this.key, { signal });
  }

  /** Whatever the status said: what is there decides. */
  async #afterRefusal(kind: 'gone' | 'refused', hash: string | undefined, signal: AbortSignal): Promise<PutResult> {
    const found = await this.#look(signal);
    if (found !== undefined) return await this.#judge(found, hash);
    await this.abort();
    if (kind === 'gone') throw this.#gone();
    throw new StoreError(
      `completing ${this.key}: the bucket refuses bytes that do not have the checksum of the whole`,
      {
        freshUpload: true,
        evidence: { key: this.key, expected: hash },
      },
    );
  }

  async #judge(found: GcsObject, hash: string | undefined): Promise<PutResult> {
    return found.mark === this.#mark ? await this.#proven(found, hash) : await this.#instead(found);
  }

  async #instead(found: GcsObject | undefined): Promise<PutResult> {
    await this.abort();
    return foundInstead(found, this.key, this.#mark);
  }

  /** A server that does not look at the checksum is found out here, and what it made is taken away again. */
  async #proven(object: GcsObject, hash: string | undefined): Promise<PutResult> {
    const wrongSum = hash !== undefined && object.crc32c !== undefined && object.crc32c !== hash;
    if (object.size === this.request.size && !wrongSum) {
      return { outcome: 'created', stat: statOf(object, this.key) };
    }
    this.#closed = true;
    await removeGeneration(this.#place, this.key, object.generation);
    throw new StoreError(`completing ${this.key}: the bucket made an object of other bytes, which was removed`, {
      freshUpload: true,
      evidence: { key: this.key, expected: hash, actual: object.crc32c, size: object.size },
    });
  }
}
