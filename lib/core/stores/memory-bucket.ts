import { randomUUID } from 'node:crypto';
import { Crc32c } from '../digest/crc32c.ts';
import type { ObjectAttributes, ObjectStat, PartReceipt, PutCondition, PutResult, UploadRequest } from './store.ts';

/** One state of one object. */
export interface MemoryVersion {
  readonly bytes: Uint8Array;
  readonly stat: ObjectStat;
  readonly attributes: ObjectAttributes;
}

export interface MemoryPart extends PartReceipt {
  readonly bytes: Uint8Array;
}

export interface MemoryPending {
  readonly id: string;
  readonly key: string;
  readonly request: UploadRequest;
  readonly startedAt: Date;
  readonly parts: Map<number, MemoryPart>;
}

/**
 * What outlives a `MemoryStore`: several stores over one bucket are what several processes over one real
 * bucket are. Versioned: what is replaced stays readable by its version.
 */
export class MemoryBucket {
  readonly uploads = new Map<string, MemoryPending>();
  /** Newest last. */
  readonly #versions = new Map<string, MemoryVersion[]>();
  #count = 0;

  keys(): readonly string[] {
    return [...this.#versions.keys()];
  }

  latest(key: string): MemoryVersion | undefined {
    return this.#versions.get(key)?.at(-1);
  }

  version(key: string, version: string): MemoryVersion | undefined {
    return this.#versions.get(key)?.find(({ stat }) => stat.version === version);
  }

  /** Nothing awaits between the look and the write, so conditions are exact. */
  put(key: string, bytes: Uint8Array, condition: PutCondition, attributes: ObjectAttributes = {}): PutResult {
    const current = this.latest(key)?.stat;
    const holds = 'ifAbsent' in condition ? current === undefined : current?.etag === condition.ifMatch;
    if (!holds) return { outcome: 'exists', stat: current };
    return { outcome: 'created', stat: this.#write(key, bytes, attributes) };
  }

  /** What no store allows: for tests that damage what was published. */
  overwrite(key: string, bytes: Uint8Array): ObjectStat {
    return this.#write(key, bytes, this.latest(key)?.attributes ?? {});
  }

  /** Removes an object with all its versions: for tests. */
  remove(key: string): void {
    this.#versions.delete(key);
  }

  #write(key: string, bytes: Uint8Array, attributes: ObjectAttributes): ObjectStat {
    this.#count += 1;
    const copy = new Uint8Array(bytes);
    const stat = {
      key,
      size: copy.byteLength,
      etag: `"${randomUUID()}"`,
      version: String(this.#count),
      crc32c: Crc32c.ofBytes(copy).base64,
      ...(attributes.metadata === undefined ? {} : { metadata: attributes.metadata }),
    };
    this.#versions.set(key, [...(this.#versions.get(key) ?? []), { bytes: copy, stat, attributes }]);
    return stat;
  }
}
