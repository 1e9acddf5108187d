import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { ByteRange } from '../byte-range.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import { requestedRange } from './http-range.ts';
import { failedPrecondition, type HeaderOf, rangeApplies } from './preconditions.ts';
import { guards, refusal } from './refusal.ts';

/** One object, as GET and HEAD of it are answered. */
export interface AnsweredObject {
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date | undefined;
  /** Lower-case names; what describes the whole object. */
  readonly headers: Readonly<Record<string, string>> & { readonly etag: string };
  /** The bytes of a range: at hand, or as they are read. */
  read(range: ByteRange, signal: AbortSignal): Uint8Array | Promise<AsyncIterable<Uint8Array>>;
}

/**
 * Answers GET or HEAD of one object: conditions first, then the range, then the bytes. Bodies are written to the socket
 * by Node's own streams: a web stream in between would halve the rate.
 */
export async function answerObject({ incoming, outgoing }: HttpBindings, object: AnsweredObject): Promise<Response> {
  const { headers, size, modifiedAt } = object;
  const header = headerOf(incoming as IncomingMessage);
  const validators = { etag: headers.etag, modifiedAt };
  const failed = failedPrecondition(header, validators);
  if (failed === 304) return new Response(null, { status: 304, headers: { ...guards, ...validatorsOnly(headers) } });
  if (failed === 412) return refusal(412, 'the object is not the one that the condition names');
  const asked = incoming.method === 'GET' && rangeApplies(header, validators) ? header('range') : undefined;
  const range = requestedRange(asked, size);
  if (range === 'unsatisfiable') {
    return refusal(416, `the object has ${size} bytes`, { 'content-range': `bytes */${size}` });
  }
  const { start, end } = range ?? { start: 0, end: size };
  const described = { ...guards, ...headers, 'content-length': String(end - start) };
  // Hono makes a new response of the answer to HEAD, so this one must be an ordinary one.
  if (incoming.method === 'HEAD') return new Response(null, { headers: described });
  if (range === undefined) outgoing.writeHead(200, described);
  else outgoing.writeHead(206, { ...described, 'content-range': `bytes ${start}-${end - 1}/${size}` });
  await send(object, { start, end }, outgoing);
  return RESPONSE_ALREADY_SENT;
}

function headerOf({ headers }: IncomingMessage): HeaderOf {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}

/** A body that cannot be ended rightly ends with the connection, so that no client takes half of it for the whole. */
async function send(object: AnsweredObject, range: ByteRange, outgoing: HttpBindings['outgoing']): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  try {
    if (range.start === range.end) return void outgoing.end();
    const body = object.read(range, gone.signal);
    if (body instanceof Uint8Array) return void outgoing.end(body);
    await pipeline(Readable.from(exactly(await body, range), { objectMode: false }), outgoing);
  } catch {
    outgoing.destroy();
  }
}

async function* exactly(bytes: AsyncIterable<Uint8Array>, range: ByteRange): AsyncGenerator<Uint8Array> {
  let rest = range.end - range.start;
  for await (const chunk of bytes) {
    rest -= chunk.length;
    if (rest < 0) break;
    yield chunk;
  }
  if (rest !== 0) throw new MirrorDamaged('an object changed its length while it was sent');
}

/** What a 304 repeats. */
function validatorsOnly(headers: AnsweredObject['headers']): Record<string, string> {
  const names = ['etag', 'last-modified', 'cache-control'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)));
}
