import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { IHasher } from 'hash-wasm';
import { Crc32c } from './crc32c.ts';
import type { HashCall, HashReply, HashValue } from './hash-messages.ts';

/**
 * Runs in a worker thread: SHA-256 streams, native or resumable. The bytes come in shared memory, so nothing
 * is copied; the caller may reuse them once the reply is there.
 */
type Stream = { readonly kind: 'native'; readonly hash: Hash } | { readonly kind: 'resumable'; readonly hash: IHasher };

const streams = new Map<number, Stream>();
const port = parentPort;
if (port === null) throw new Error('this module runs in a worker thread');

// Feeding WebAssembly in pieces of 1 MiB is its fastest size (311 MiB/s against 241 at 8 MiB).
const wasmFeed = 1 << 20;

async function open(call: Extract<HashCall, { op: 'open' }>): Promise<Stream> {
  if (call.kind === 'native') return { kind: 'native', hash: createHash('sha256') };
  // Loaded when needed: native hashes are the rule, and every worker would keep its own copy.
  const { createSHA256 } = await import('hash-wasm');
  const hash = await createSHA256();
  return { kind: 'resumable', hash: call.state === undefined ? hash.init() : hash.load(call.state) };
}

/** Native code counts the bytes of one call in 31 bits; parts have up to 5 GiB. */
const nativeFeed = 1 << 30;

function update(stream: Stream, bytes: Uint8Array): void {
  const step = stream.kind === 'native' ? nativeFeed : wasmFeed;
  for (let at = 0; at < bytes.length; at += step) stream.hash.update(bytes.subarray(at, at + step));
}

function crc32c(bytes: Uint8Array): Crc32c {
  let crc = Crc32c.ofBytes(bytes.subarray(0, nativeFeed));
  for (let at = nativeFeed; at < bytes.length; at += nativeFeed) {
    crc = crc.concat(Crc32c.ofBytes(bytes.subarray(at, at + nativeFeed)));
  }
  return crc;
}

function known(id: number): Stream {
  const stream = streams.get(id);
  if (stream === undefined) throw new Error('no such hash stream');
  return stream;
}

async function answer(call: HashCall): Promise<HashValue> {
  switch (call.op) {
    case 'open':
      streams.set(call.stream, await open(call));
      return undefined;
    case 'update':
      update(known(call.stream), call.bytes);
      return undefined;
    case 'crc32c':
      return crc32c(call.bytes).base64;
    case 'save': {
      const stream = known(call.stream);
      if (stream.kind === 'native') throw new Error('a native hash has no state that could be saved');
      return stream.hash.save();
    }
    case 'digest': {
      const stream = known(call.stream);
      streams.delete(call.stream);
      return stream.hash.digest('hex');
    }
    case 'drop':
      streams.delete(call.stream);
      return undefined;
  }
}

// Calls of one stream arrive in order and must be answered in order: `open` may have to wait for the WebAssembly.
let queue: Promise<void> = Promise.resolve();
port.on('message', (call: HashCall) => {
  queue = queue.then(async () => {
    let reply: HashReply;
    try {
      reply = { call: call.call, value: await answer(call) };
    } catch (error) {
      reply = { call: call.call, error: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(reply);
  });
});
