import { splitRange } from '../byte-range.ts';
import { defaultRetryPolicy, retry } from '../retry.ts';
import { WrongSize } from './mirror-errors.ts';
import type { MirrorReader } from './mirror-reader.ts';
import { type SteadyReadRequest, steadyRead } from './steady-read.ts';

/** Connections for one object. */
const lanes = 4;
/** Bytes asked for at once; `lanes` of them are the most that an object holds in memory. */
const pieceSize = 8 * 1024 * 1024;
/** Below this many bytes one connection does as well. */
const worthwhile = lanes * pieceSize;

/**
 * The same bytes as `steadyRead` in the same order, fetched over several connections where that helps: a large object,
 * a network between, a server that sends ranges. Every piece is bound to one version of the object.
 * @throws as `steadyRead`
 */
export async function* parallelRead(reader: MirrorReader, request: SteadyReadRequest): AsyncGenerator<Uint8Array> {
  const { size, from } = request;
  const etag = reader.remote && size - from >= worthwhile ? await rangesTag(reader, request) : undefined;
  if (etag === undefined) {
    yield* steadyRead(reader, request);
    return;
  }
  request.onOpen?.(etag);
  const given = new AbortController();
  const signal = AbortSignal.any([request.signal, given.signal]);
  const pieces = splitRange(from, size, pieceSize);
  const coming: Promise<readonly Uint8Array[]>[] = [];
  const fetchNext = () => {
    const piece = pieces.next();
    if (piece.done === true) return;
    const { start, end } = piece.value;
    const onOpen = (tag: string | undefined) => {
      // What every piece would say again is said once.
      if (tag !== etag) request.onOpen?.(tag);
    };
    const arriving = collect(steadyRead(reader, { ...request, onOpen, from: start, to: end, etag, signal }));
    arriving.catch(() => undefined); // Awaited in its turn; until then a failure must not count as unhandled.
    coming.push(arriving);
  };
  try {
    for (let lane = 0; lane < lanes; lane += 1) fetchNext();
    for (let next = coming.shift(); next !== undefined; next = coming.shift()) {
      yield* await next;
      fetchNext();
    }
  } finally {
    given.abort();
    await Promise.allSettled(coming);
  }
}

/** The object's tag, if the mirror sends ranges of it: asked with the last byte, which proves the length too. */
async function rangesTag(reader: MirrorReader, request: SteadyReadRequest): Promise<string | undefined> {
  const { key, size, clock, signal } = request;
  const range = { start: size - 1, end: size };
  const body = await retry(() => reader.open(key, { range, signal }), defaultRetryPolicy, { clock, signal });
  await body.discard();
  if (body.size !== undefined && body.size !== size) throw new WrongSize(`${key} at ${reader.url}`, size, body.size);
  return body.start === range.start ? body.etag : undefined;
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return collected;
}
