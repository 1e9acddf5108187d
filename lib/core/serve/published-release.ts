import { notesKey, releaseKey, sumsKey } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import type { ListedRelease } from '../mirror/find-release.ts';
import { loadRelease } from '../mirror/load-release.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import { type MirrorReader, readWhole } from '../mirror/mirror-reader.ts';
import { recordLimit } from '../mirror/read-record.ts';
import { releaseName } from '../mirror/release-ref.ts';
import { safeMediaType } from '../registry/media-type.ts';
import type { Registry, Release } from '../registry/records.ts';
import { formatSums } from '../registry/sha256sums.ts';

/** An object that may be shown, with what its record says about it. */
export interface PublishedObject {
  readonly key: string;
  readonly size: number;
  readonly sha256: Sha256;
  readonly mediaType: string;
  /** Never changes under this key. */
  readonly immutable: boolean;
  readonly modifiedAt: Date;
  /** The bytes, of a record; an artifact is read from the store. */
  readonly bytes: Uint8Array | undefined;
}

/** Everything that one release shows: its artifacts and its records, and nothing else of its prefix. */
export class PublishedRelease {
  readonly #reader: MirrorReader;
  readonly #listed: ListedRelease;
  readonly #release: Release;
  readonly #recordBytes: Uint8Array;
  readonly #artifacts: ReadonlyMap<string, PublishedObject>;
  readonly #modifiedAt: Date;

  private constructor(reader: MirrorReader, listed: ListedRelease, release: Release, recordBytes: Uint8Array) {
    this.#reader = reader;
    this.#listed = listed;
    this.#release = release;
    this.#recordBytes = recordBytes;
    this.#modifiedAt = dateOf(listed.entry.publishedAt);
    this.#artifacts = new Map(
      release.artifacts.map(({ path, size, sha256, mediaType, stagedAt }) => [
        path,
        {
          key: path,
          size,
          sha256: Sha256.of(sha256),
          mediaType: safeMediaType(mediaType),
          immutable: true,
          modifiedAt: dateOf(stagedAt),
          bytes: undefined,
        },
      ]),
    );
  }

  /** @throws MirrorDamaged where the release does not follow from the registry */
  static async load(reader: MirrorReader, registry: Registry, listed: ListedRelease): Promise<PublishedRelease> {
    const { release, bytes } = await loadRelease(reader, registry, listed);
    return new PublishedRelease(reader, listed, release, bytes);
  }

  /** @throws MirrorDamaged for a record that was edited since */
  async find(key: string): Promise<PublishedObject | undefined> {
    const artifact = this.#artifacts.get(key);
    if (artifact !== undefined) return artifact;
    const { collection, version } = this.#listed;
    if (key === releaseKey(collection, version)) return this.#record(key, 'application/json', this.#recordBytes);
    if (key === notesKey(collection, version)) return await this.#readRecord(key, 'text/markdown; charset=utf-8');
    if (key !== sumsKey(collection, version)) return undefined;
    const sums = await this.#readRecord(key, 'text/plain; charset=utf-8');
    const lines = this.#release.artifacts.map(({ file, sha256 }) => ({ file, sha256: Sha256.of(sha256) }));
    if (sums !== undefined && !sums.sha256.equals(Sha256.ofBytes(formatSums(lines)))) {
      throw new MirrorDamaged(`SHA256SUMS of ${releaseName(collection, version)} does not agree with its release.json`);
    }
    return sums;
  }

  async #readRecord(key: string, mediaType: string): Promise<PublishedObject | undefined> {
    if ((await this.#reader.head(key)) === undefined) return undefined;
    return this.#record(key, mediaType, await readWhole(this.#reader, key, recordLimit));
  }

  #record(key: string, mediaType: string, bytes: Uint8Array): PublishedObject {
    const sha256 = Sha256.ofBytes(bytes);
    return { key, size: bytes.length, sha256, mediaType, immutable: true, modifiedAt: this.#modifiedAt, bytes };
  }
}

/** Records carry ISO instants; one that is none must not stop the file from being served. */
export function dateOf(text: string): Date {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}
