import { DatabaseSync } from 'node:sqlite';
import { type Clock, systemClock } from '../clock.ts';
import { NotAuthorised } from '../errors.ts';
import { StoreError } from './store.ts';

/** SQLITE_BUSY, and SQLITE_CANTOPEN and SQLITE_READONLY, which both mean that the file may not be written. */
const busy = 5;
const unwritable = new Set([8, 14]);

/** Seconds between two looks. Without a queue that processes share, the jitter is what makes the wait fair. */
const shortestLook = 0.002;
const longestLook = 0.02;

/** Seconds after which a holder that neither finishes nor dies (a stopped process) is reported. */
const patience = 120;

/**
 * An exclusive lock between processes, between stores of one process and between worker threads, which the
 * kernel drops when its holder dies, however it dies: the file lock that SQLite takes for `BEGIN EXCLUSIVE`.
 * The database stays empty. Its file must never be opened by other means in this process: closing any
 * descriptor of a file drops all POSIX locks that the process has on it.
 */
export class KernelLock {
  readonly #path: string;
  readonly #clock: Clock;
  #held: DatabaseSync | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(path: string, clock: Clock = systemClock) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Takes the lock if it is free. @throws NotAuthorised where its file cannot be written. */
  tryAcquire(): boolean {
    if (this.#held !== undefined) return false;
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(this.#path, { timeout: 0 });
      // Nothing is ever written, so no journal may appear beside the lock.
      database.exec('PRAGMA journal_mode=MEMORY');
      database.exec('BEGIN EXCLUSIVE');
      this.#held = database;
      return true;
    } catch (error) {
      database?.close();
      const code = sqliteCode(error);
      if (code === busy) return false;
      const options = { cause: new Error(`SQLite result ${code ?? 'unknown'}`) };
      if (code !== undefined && unwritable.has(code))
        throw new NotAuthorised('the lock file cannot be written', options);
      throw new StoreError('the file system does not support locks', options);
    }
  }

  release(): void {
    this.#held?.close();
    this.#held = undefined;
  }

  /**
   * Runs `work` while holding the lock; callers of one instance are served in turn. Waiting does not block
   * the event loop.
   * @throws StoreError (retryable) when the lock cannot be had for two minutes.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.#queue.then(async () => {
      await this.#wait(signal);
      try {
        return await work();
      } finally {
        this.release();
      }
    });
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    const start = this.#clock.now().getTime();
    signal?.throwIfAborted();
    while (!this.tryAcquire()) {
      if (this.#clock.now().getTime() - start > patience * 1000) {
        throw new StoreError('another process holds the lock and does not let go of it', {
          retryable: true,
          hint: 'See whether a stopped process is still writing there.',
        });
      }
      await this.#clock.sleep(shortestLook + Math.random() * (longestLook - shortestLook), signal);
    }
  }
}

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;
}
