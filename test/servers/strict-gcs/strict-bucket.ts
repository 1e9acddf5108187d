import { createHash } from 'node:crypto';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import { ApiError, conditionNotMet, invalid, noObject } from './api-error.ts';

/** What a write says of its object. */
export interface ObjectMeta {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly cacheControl?: string;
  readonly storageClass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Declared; other bytes are refused. */
  readonly crc32c?: string;
  readonly md5Hash?: string;
}

export interface Generation {
  readonly name: string;
  readonly generation: string;
  readonly bytes: Buffer;
  readonly meta: ObjectMeta;
  readonly crc32c: string;
  readonly md5Hash: string;
  readonly createdAt: Date;
}

export interface BucketSettings {
  readonly versioning?: { readonly enabled: boolean };
  readonly retentionPolicy?: { readonly retentionPeriod: string };
  readonly softDeletePolicy?: { readonly retentionDurationSeconds: string };
  readonly [more: string]: unknown;
}

export interface BucketPolicy {
  readonly bindings: readonly { readonly role: string; readonly members: readonly string[] }[];
  readonly etag: string;
}

export interface BucketRules {
  readonly settings: BucketSettings;
  /** Milliseconds between two writes of one object; 429 for what comes sooner. 0: no limit. */
  readonly writeInterval: number;
  metageneration: number;
  policy: BucketPolicy;
}

/** One bucket with the generations of its objects. Nothing here awaits, so conditions are exact. */
export class StrictBucket {
  readonly name: string;
  readonly rules: BucketRules;
  /** Newest last. */
  readonly #generations = new Map<string, Generation[]>();
  readonly #live = new Map<string, Generation>();
  readonly #lastWrite = new Map<string, number>();
  #counter = BigInt(Date.now()) * 1000n;

  constructor(name: string, rules: Pick<BucketRules, 'settings' | 'writeInterval'>) {
    this.name = name;
    this.rules = {
      ...rules,
      settings: { ...rules.settings },
      metageneration: 1,
      policy: { bindings: [], etag: 'CA1' },
    };
  }

  live(name: string): Generation | undefined {
    return this.#live.get(name);
  }

  /** The live object, or the generation that the query names. @throws ApiError 404 */
  find(name: string, generation: string | null): Generation {
    const found =
      generation === null
        ? this.#live.get(name)
        : this.#generations.get(name)?.find((each) => each.generation === generation);
    if (found === undefined) throw noObject(this.name, name);
    return found;
  }

  /** Live objects, or all generations, in the order of names and age. */
  all(versions: boolean): readonly Generation[] {
    const found = versions ? [...this.#generations.values()].flat() : [...this.#live.values()];
    return found.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }

  /** @throws ApiError 412, 429, or 400 for bytes that are not those declared. */
  insert(name: string, bytes: Buffer, meta: ObjectMeta, query: URLSearchParams, hashHeader?: string): Generation {
    if (name === '' || Buffer.byteLength(name) > 1024 || /[\r\n]/.test(name)) throw invalid(`Invalid name ${name}`);
    checkForWrite(query, this.#live.get(name));
    const crc32c = Crc32c.ofBytes(bytes).base64;
    const md5Hash = createHash('md5').update(bytes).digest('base64');
    for (const declared of [meta, parseHashHeader(hashHeader)]) {
      if (declared.crc32c !== undefined && declared.crc32c !== crc32c) {
        throw invalid(`Provided CRC32C "${declared.crc32c}" doesn't match calculated CRC32C "${crc32c}".`);
      }
      if (declared.md5Hash !== undefined && declared.md5Hash !== md5Hash) {
        throw invalid(`Provided MD5 hash "${declared.md5Hash}" doesn't match calculated MD5 hash "${md5Hash}".`);
      }
    }
    this.#limitRate(name);
    this.#counter += 1n;
    const made = { name, generation: String(this.#counter), bytes, meta, crc32c, md5Hash, createdAt: new Date() };
    const older = this.rules.settings.versioning?.enabled === true ? (this.#generations.get(name) ?? []) : [];
    this.#generations.set(name, [...older, made]);
    this.#live.set(name, made);
    return made;
  }

  /** Without a generation the live object goes, and stays as an old version where those are kept. */
  remove(name: string, generation: string | null, query: URLSearchParams): void {
    const found = this.find(name, generation);
    checkForWrite(query, found);
    const isLive = this.#live.get(name) === found;
    if (isLive) this.#live.delete(name);
    if (generation === null && this.rules.settings.versioning?.enabled === true) return;
    const left = (this.#generations.get(name) ?? []).filter((each) => each !== found);
    if (left.length > 0) this.#generations.set(name, left);
    else this.#generations.delete(name);
  }

  #limitRate(name: string): void {
    const now = performance.now();
    const last = this.#lastWrite.get(name);
    if (last !== undefined && now - last < this.rules.writeInterval) {
      throw new ApiError(429, 'rateLimitExceeded', `The object ${this.name}/${name} exceeded the rate limit.`);
    }
    this.#lastWrite.set(name, now);
  }
}

/** Preconditions of a write; `ifGenerationMatch=0` is "there is no live object". */
export function checkForWrite(query: URLSearchParams, live: Generation | undefined): void {
  const generation = live?.generation ?? '0';
  const match = query.get('ifGenerationMatch');
  if (match !== null && match !== generation) throw conditionNotMet();
  const notMatch = query.get('ifGenerationNotMatch');
  if (notMatch !== null && notMatch === generation) throw conditionNotMet();
  const meta = query.get('ifMetagenerationMatch');
  if (meta !== null && meta !== (live === undefined ? '0' : '1')) throw conditionNotMet();
}

/** `crc32c=…,md5=…` */
function parseHashHeader(header: string | undefined): { crc32c?: string; md5Hash?: string } {
  const crc32c = /crc32c=([A-Za-z0-9+/=]+)/.exec(header ?? '')?.[1];
  const md5Hash = /md5=([A-Za-z0-9+/=]+)/.exec(header ?? '')?.[1];
  return { ...(crc32c === undefined ? {} : { crc32c }), ...(md5Hash === undefined ? {} : { md5Hash }) };
}
