import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { GetObjectCommand, HeadBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../clock.ts';
import { WeighbridgeError } from '../errors.ts';
import { type RetryPolicy, retry } from '../retry.ts';
import type { S3Settings } from './bucket-access.ts';
import type { S3Credentials } from './create-s3-client.ts';
import { RequestCounter } from './request-counter.ts';
import { s3Error } from './s3-errors.ts';
import { S3Fault } from './s3-fault.ts';
import { serverClockOf } from './s3-server-clock.ts';
import type { ServerClock } from './server-clock.ts';
import { type RequestKind, StoreError } from './store.ts';

export interface S3BucketOptions {
  /** The store as the user wrote it. */
  readonly url: string;
  readonly bucket: string;
  /** Empty, or ends in a slash. */
  readonly prefix: string;
  readonly client: S3Client;
  readonly settings: S3Settings;
  readonly clock: Clock;
  readonly policy: RetryPolicy;
  /** Called with the count of bytes of every piece of an object that arrived. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** Objects are written and never looked at: what is not allowed is not asked for. */
  readonly writeOnly?: boolean | undefined;
}

/** One request, tried until it is answered. */
export interface S3Request {
  readonly kind: RequestKind;
  /** As IAM calls it; named in messages. */
  readonly action: string;
  /** Key within the store. */
  readonly key?: string;
  readonly signal?: AbortSignal | undefined;
  /** Codes that are answers here, not failures. */
  readonly expects?: readonly string[];
  /** Called after each attempt of which nobody can tell whether the server acted. */
  readonly onUnanswered?: () => void;
}

/** What an attempt passes to `client.send`. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

const never = new AbortController().signal;
/** What HEAD answers to whoever may not ask, or asks in the wrong place. */
const refusals: ReadonlySet<number | undefined> = new Set([301, 400, 401, 403]);

/** A bucket with a prefix, and the one way to ask it: each attempt counted, in one retry loop, errors made plain. */
export class S3Bucket {
  readonly options: S3BucketOptions;
  readonly client: S3Client;
  readonly counter = new RequestCounter();
  readonly serverClock: ServerClock;
  /** The server cannot copy parts into an upload with checksums. */
  copiesNoParts = false;
  /** Something in the bucket was answered for, so that it exists. */
  #known = false;
  /** Set inside of the retry loop. */
  readonly #trying = new AsyncLocalStorage<true>();

  constructor(options: S3BucketOptions) {
    this.options = options;
    this.client = options.client;
    this.serverClock = serverClockOf(options.client, options.clock);
  }

  /** What every request about an object begins with. */
  object(key: string) {
    return { ...this.whole(), Key: this.options.prefix + key };
  }

  /** What every request about the bucket begins with. */
  whole() {
    const { bucket, settings } = this.options;
    const owner = settings.expectedBucketOwner;
    return { Bucket: bucket, ...(owner === undefined ? {} : { ExpectedBucketOwner: owner }) };
  }

  /** The key within the store of a key of the bucket. */
  within(key: string): string {
    return key.slice(this.options.prefix.length);
  }

  /** @throws NotAuthorised, NotFound, StoreError; never returns a fault. */
  async send<T>(request: Omit<S3Request, 'expects'>, run: (options: SendOptions) => Promise<T>): Promise<T> {
    return (await this.ask(request, run)) as T;
  }

  /**
   * As `send`, with an `S3Fault` for the codes that the request expects. A request within another's attempt has no
   * retry loop of its own, because tries and waits would multiply: what fails there fails that attempt.
   */
  async ask<T>(request: S3Request, run: (options: SendOptions) => Promise<T>): Promise<T | S3Fault> {
    const { clock, policy } = this.options;
    const signal = request.signal ?? never;
    signal.throwIfAborted();
    const attempt = () => this.#attempt(request, run);
    if (this.#trying.getStore() === true) return await attempt();
    return await this.#trying.run(true, () => retry(attempt, policy, { clock, signal }));
  }

  /** Turns anything thrown into what callers may see. */
  translate(error: unknown, request: S3Request): WeighbridgeError {
    if (error instanceof WeighbridgeError) return error;
    return this.#explain(new S3Fault(error, this.options.clock.now()), request);
  }

  /**
   * A 404 without a code, as HEAD gives it, may mean that there is no bucket at all.
   * @throws StoreError then; asked once, and only while nothing was ever found.
   */
  async mustExist(): Promise<void> {
    if (!this.#known) await this.#headBucket();
  }

  /** The server's time, asked for only when no recent answer told it. @throws StoreError when it does not say. */
  async serverTime(): Promise<Date> {
    if (this.serverClock.ahead === undefined) await this.#headBucket();
    const { ahead } = this.serverClock;
    if (ahead === undefined) throw new StoreError(`${this.options.url} does not tell the time`);
    return new Date(this.options.clock.now().getTime() + ahead);
  }

  /** Local time, as far as the SDK has learnt to correct it. */
  signingTime(): Date {
    return new Date(this.options.clock.now().getTime() + this.client.config.systemClockOffset);
  }

  /** What signs requests now. @throws NotAuthorised. */
  async credentials(): Promise<S3Credentials> {
    try {
      return await this.client.config.credentials();
    } catch (error) {
      throw this.translate(error, { kind: 'get', action: 's3:GetObject' });
    }
  }

  async #attempt<T>(request: S3Request, run: (options: SendOptions) => Promise<T>): Promise<T | S3Fault> {
    const { signal, expects = [] } = request;
    signal?.throwIfAborted();
    this.counter.add(request.kind);
    try {
      const output = await run(signal === undefined ? {} : { abortSignal: signal });
      this.#known = true;
      return output;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof WeighbridgeError) throw error;
      const fault = new S3Fault(error, this.options.clock.now());
      if (fault.unanswered) request.onUnanswered?.();
      if (fault.is('NoSuchKey', 'NoSuchUpload', 'PreconditionFailed')) this.#known = true;
      if (fault.is(...expects)) return fault;
      throw this.#explain(request.kind === 'head' ? await this.#withReason(fault, request) : fault, request);
    }
  }

  /** A refusal tells the time as well, and that there is a bucket. */
  async #headBucket(): Promise<void> {
    const expects = ['403', 'Forbidden', 'AccessDenied'];
    const command = new HeadBucketCommand(this.whole());
    await this.ask({ kind: 'head', action: 's3:ListBucket', expects }, (options) => this.client.send(command, options));
  }

  /**
   * Answers to HEAD have no body, and so no code: wrong keys, a missing right and a wrong region look alike. The same
   * question by GET is refused for the same reason, and says it.
   */
  async #withReason(fault: S3Fault, request: S3Request): Promise<S3Fault> {
    if (!refusals.has(fault.status)) return fault;
    const { key } = request;
    this.counter.add(key === undefined ? 'list' : 'get');
    const options = request.signal === undefined ? {} : { abortSignal: request.signal };
    try {
      if (key === undefined) {
        await this.client.send(new ListObjectsV2Command({ ...this.whole(), MaxKeys: 1 }), options);
      } else {
        const answer = await this.client.send(
          new GetObjectCommand({ ...this.object(key), Range: 'bytes=0-0' }),
          options,
        );
        if (answer.Body instanceof Readable) answer.Body.destroy();
      }
      return fault;
    } catch (error) {
      request.signal?.throwIfAborted();
      const said = new S3Fault(error, this.options.clock.now());
      return refusals.has(said.status) ? said : fault;
    }
  }

  #explain(fault: S3Fault, { action, key }: S3Request): WeighbridgeError {
    const { bucket, url } = this.options;
    return s3Error(fault, { bucket, url, action, ...(key === undefined ? {} : { key }) });
  }
}
