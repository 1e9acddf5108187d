import { finishSession } from './gcs-finish.ts';
import { newMark } from './gcs-object.ts';
import type { GcsPlace } from './gcs-place.ts';
import { GcsProgress, uploadGone } from './gcs-progress.ts';
import { GcsSession } from './gcs-session.ts';
import { formatUploadId, parseUploadId } from './gcs-upload-id.ts';
import { gcsLimits, partCount, partRange } from './part-sizes.ts';
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
  readonly progress: GcsProgress;
  readonly partSize: number;
  readonly mark: string;
}

/**
 * An upload session whose last bytes stay in memory until the whole is proven: `complete` sends them together with the
 * CRC32C of the whole object, and GCS itself refuses to make an object of other bytes. They are 256 KiB at most, the
 * least that a session lets end anywhere: many uploads at a time would otherwise hold a part each.
 */
export class GcsUpload implements Upload {
  readonly key: string;
  readonly id: string;
  readonly request: UploadRequest;
  readonly partSize: number;
  readonly sequential = true;
  readonly #place: GcsPlace;
  readonly #progress: GcsProgress;
  readonly #mark: string;
  readonly #lastNumber: number;
  readonly #checksums = new Map<number, string>();
  /** The end of the last part. */
  #held: Uint8Array | undefined;
  #closed = false;

  constructor({ place, key, request, progress, partSize, mark }: GcsUploadOptions) {
    this.key = key;
    this.request = request;
    this.partSize = partSize;
    this.#place = place;
    this.#progress = progress;
    this.#mark = mark;
    this.#lastNumber = partCount(request.size, partSize);
    // Without a mark it names nothing that could be continued.
    const named = progress.lost ? '' : mark;
    const about = { uri: progress.session.uri, size: request.size, partSize, mark: named, crc32c: request.crc32c };
    this.id = formatUploadId(about, place.channel.bucket, place.prefix + key);
  }

  static async begin(place: GcsPlace, key: string, request: UploadRequest, partSize: number): Promise<GcsUpload> {
    const mark = newMark();
    const { channel, prefix, settings } = place;
    const { size, crc32c } = request;
    const object = { name: prefix + key, attributes: request, settings, mark, crc32c };
    const started = await GcsSession.start(channel, key, size, object);
    // Taken already: the parts go nowhere, and `complete` says what is there.
    const session = started ?? new GcsSession(channel, key, size, new URL(channel.uploadPath, channel.endpoint));
    const progress = new GcsProgress(channel, key, session, 0, started === undefined);
    return new GcsUpload({ place, key, request, progress, partSize, mark });
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
    const { partSize, mark, crc32c } = known;
    const progress = new GcsProgress(channel, key, session, state.bytes, false);
    const declared = crc32c === undefined ? {} : { crc32c };
    return new GcsUpload({ place, key, request: { ...request, ...declared }, progress, partSize, mark });
  }

  async parts(): Promise<readonly PartReceipt[]> {
    await this.#place.channel.patiently(() => this.#progress.settle());
    const whole = Math.floor(this.#progress.persisted / this.partSize);
    return Array.from({ length: this.#lastNumber }, (_, index) => index + 1)
      .filter((number) => (number === this.#lastNumber ? this.#held !== undefined : number <= whole))
      .map((number) => this.#receipt(number));
  }

  async writePart(number: number, bytes: Uint8Array, crc32c: string, signal: AbortSignal): Promise<PartReceipt> {
    signal.throwIfAborted();
    this.#mustBeOpen();
    const { start, end } = partRange(number, this.request.size, this.partSize);
    if (!Number.isInteger(number) || number < 1 || end <= start) {
      throw new StoreError(`${this.key} has no part ${number}`);
    }
    if (bytes.byteLength !== end - start) {
      throw new StoreError(`part ${number} of ${this.key} has ${bytes.byteLength} bytes instead of ${end - start}`);
    }
    const { lost, persisted } = this.#progress;
    if (!lost && start > persisted) {
      const message = `part ${number} of ${this.key} came before all bytes ahead of it were written (${persisted})`;
      throw new StoreError(message, { freshUpload: true });
    }
    const sent = Math.min(end, this.#heldStart) - start;
    const known = this.#checksums.get(number);
    if (sent > 0 && known !== undefined && known !== crc32c) {
      throw new StoreError(`part ${number} of ${this.key} was sent already and cannot be replaced by other bytes`);
    }
    if (sent > 0) await this.#progress.sendPart(start, bytes.subarray(0, sent), signal);
    // The caller's memory is reused as soon as this returns.
    if (number === this.#lastNumber) this.#held = new Uint8Array(bytes.subarray(sent));
    this.#checksums.set(number, crc32c);
    return this.#receipt(number);
  }

  async complete(seal: UploadSeal, signal: AbortSignal): Promise<PutResult> {
    signal.throwIfAborted();
    this.#mustBeOpen();
    const crc32c = this.#checkSeal(seal);
    const { key, request } = this;
    const last = { start: this.#heldStart, bytes: this.#held ?? new Uint8Array() };
    const finish = { place: this.#place, key, size: request.size, mark: this.#mark, crc32c };
    const result = await finishSession(this.#progress, last, finish, signal);
    if (result.outcome === 'exists') await this.abort();
    await this.detach();
    return result;
  }

  async abort(): Promise<void> {
    if (this.#closed) return;
    await this.detach();
    if (!this.#progress.lost && !this.#progress.gone) await this.#progress.session.cancel();
  }

  async detach(): Promise<void> {
    this.#closed = true;
    this.#held = undefined;
  }

  /** The last multiple of 256 KiB before the end: every request but the last must end at one. */
  get #heldStart(): number {
    return Math.max(0, partCount(this.request.size, gcsLimits.chunkMultiple) - 1) * gcsLimits.chunkMultiple;
  }

  #receipt(number: number): PartReceipt {
    const { start, end } = partRange(number, this.request.size, this.partSize);
    return { number, size: end - start, crc32c: this.#checksums.get(number) ?? '' };
  }

  #mustBeOpen(): void {
    if (this.#closed || this.#progress.gone) throw uploadGone(this.key);
  }

  /** The checksum that the whole must have. @throws StoreError for a seal that does not fit, or a part that is missing. */
  #checkSeal(seal: UploadSeal): string | undefined {
    const { size, crc32c } = this.request;
    if (seal.size !== size) {
      throw new StoreError(`${this.key} was begun with ${size} bytes and cannot be completed with ${seal.size}`);
    }
    if (crc32c !== undefined && seal.crc32c !== undefined && crc32c !== seal.crc32c) {
      const message = `${this.key} was begun with another checksum than it is completed with`;
      throw new StoreError(message, { freshUpload: true, evidence: { expected: crc32c, actual: seal.crc32c } });
    }
    const { lost, persisted } = this.#progress;
    if (!lost && size > 0 && (this.#held === undefined || persisted < this.#heldStart)) {
      throw new StoreError(`a part of ${this.key} is missing`);
    }
    return seal.crc32c ?? crc32c;
  }
}
