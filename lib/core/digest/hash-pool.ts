import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Crc32c } from './crc32c.ts';
import type { HashCall, HashReply, HashValue } from './hash-messages.ts';
import { Sha256 } from './sha256.ts';

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type Ask = DistributiveOmit<HashCall, 'call'>;

/** One SHA-256 over bytes that are handed over in order; runs in a worker thread. */
export interface HashStream {
  /**
   * Adds bytes. Those in a `SharedArrayBuffer` are not copied: leave them alone until the promise resolves.
   * Calls may overlap; they take effect in call order.
   */
  update(bytes: Uint8Array): Promise<void>;
  /** CRC32C of these bytes alone, on the same thread; in any order. */
  crc32c(bytes: Uint8Array): Promise<Crc32c>;
  /** Exportable state, which another process may continue from; only of a resumable stream. */
  save(): Promise<Uint8Array>;
  /** Ends the stream. */
  digest(): Promise<Sha256>;
  /** Forgets the stream; harmless after `digest`. */
  drop(): void;
}

/**
 * How a stream hashes: `native` is OpenSSL's (1.6 GiB/s a core) and lives in this process only; `resumable`
 * is WebAssembly (170–310 MiB/s a core) whose 116-byte state survives in a checkpoint.
 */
export type HashKind = { readonly kind: 'native' } | { readonly kind: 'resumable'; readonly state?: Uint8Array };

/** Worker threads for hashing: one stream stays on one worker, streams are spread over all of them. */
export class HashPool {
  private readonly size: number;
  private readonly workers: HashWorker[] = [];
  private streams = 0;

  /** @param size Most worker threads to start; each starts when it is first needed. */
  constructor(size: number) {
    this.size = size;
  }

  async open(how: HashKind): Promise<HashStream> {
    const stream = this.streams++;
    const worker = this.pick();
    worker.streams += 1;
    const ask = (call: Ask) => worker.ask(call);
    let open = true;
    const close = () => {
      if (open) worker.streams -= 1;
      open = false;
    };
    await ask(
      how.kind === 'native'
        ? { stream, op: 'open', kind: 'native' }
        : { stream, op: 'open', kind: 'resumable', state: how.state },
    );
    return {
      update: async (bytes) => {
        await ask({ stream, op: 'update', bytes });
      },
      crc32c: async (bytes) =>
        Crc32c.fromBase64((await ask({ stream, op: 'crc32c', bytes })) as string, bytes.byteLength),
      save: async () => (await ask({ stream, op: 'save' })) as Uint8Array,
      digest: async () => {
        close();
        return Sha256.of((await ask({ stream, op: 'digest' })) as string);
      },
      drop: () => {
        if (open) ask({ stream, op: 'drop' }).catch(() => undefined);
        close();
      },
    };
  }

  /** Stops the threads; streams in progress fail. */
  async close(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.stop()));
  }

  private pick(): HashWorker {
    const idle = this.workers.find((worker) => worker.streams === 0);
    if (idle !== undefined) return idle;
    if (this.workers.length < this.size) {
      const worker = new HashWorker();
      this.workers.push(worker);
      return worker;
    }
    return this.workers.reduce((least, worker) => (worker.streams < least.streams ? worker : least));
  }
}

class HashWorker {
  streams = 0;
  private readonly worker: Worker;
  private readonly pending = new Map<number, PromiseWithResolvers<HashValue>>();
  private calls = 0;
  private stopping = false;

  constructor() {
    // Beside this module, with its extension: `.ts` in the checkout, `.js` when packed, `.mjs` in a bundle.
    this.worker = new Worker(new URL(`./hash-worker${extname(import.meta.url)}`, import.meta.url));
    this.worker.unref();
    this.worker.on('message', (reply: HashReply) => this.settle(reply));
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', () => this.fail(new Error('the hash worker stopped')));
  }

  ask(call: Ask): Promise<HashValue> {
    const number = this.calls++;
    const pending = Promise.withResolvers<HashValue>();
    this.pending.set(number, pending);
    // An open stream must keep the process alive, an idle worker must not.
    if (this.pending.size === 1) this.worker.ref();
    this.worker.postMessage({ ...call, call: number });
    return pending.promise;
  }

  async stop(): Promise<void> {
    // An idle worker would let the process end before its thread has, and so would one whose last answer comes now.
    this.stopping = true;
    this.worker.ref();
    await this.worker.terminate();
  }

  private settle(reply: HashReply): void {
    const pending = this.pending.get(reply.call);
    this.pending.delete(reply.call);
    if (this.pending.size === 0 && !this.stopping) this.worker.unref();
    if ('error' in reply) pending?.reject(new Error(reply.error));
    else pending?.resolve(reply.value);
  }

  private fail(error: Error): void {
    for (const pending of this.pending.values()) pending.reject(error);
    this.pending.clear();
  }
}
