import { randomUUID } from 'node:crypto';
import { conditionNotMet, invalid } from './api-error.ts';
import { parseMeta } from './object-resource.ts';
import { checkForWrite, type Generation, type StrictBucket } from './strict-bucket.ts';

export type RewriteAnswer =
  | { readonly done: false; readonly token: string; readonly moved: number; readonly size: number }
  | { readonly done: true; readonly made: Generation };

/** `objects.rewrite`, which for large objects asks to be called again with a token. */
export class Rewrites {
  readonly #moved = new Map<string, { readonly of: string; readonly bytes: number }>();
  readonly #perCall: number;

  /** @param perCall Bytes that one call moves. */
  constructor(perCall: number) {
    this.#perCall = perCall;
  }

  call(bucket: StrictBucket, from: string, to: string, query: URLSearchParams, body: string): RewriteAnswer {
    const source = bucket.find(from, query.get('sourceGeneration'));
    const match = query.get('ifSourceGenerationMatch');
    if (match !== null && match !== source.generation) throw conditionNotMet();
    checkForWrite(query, bucket.live(to));
    const what = `${source.name}#${source.generation}>${to}`;
    const token = query.get('rewriteToken');
    const before = token === null ? { of: what, bytes: 0 } : this.#moved.get(token);
    if (before === undefined || before.of !== what) throw invalid('Invalid rewrite token');
    const bytes = before.bytes + this.#perCall;
    if (bytes < source.bytes.length) {
      const next = randomUUID();
      this.#moved.set(next, { of: what, bytes });
      return { done: false, token: next, moved: bytes, size: source.bytes.length };
    }
    const { name: _, ...meta } = parseMeta(body);
    // An empty body keeps the source's metadata; any other replaces it.
    const kept = body.trim() === '' ? source.meta : meta;
    return { done: true, made: bucket.insert(to, source.bytes, kept, query) };
  }
}
