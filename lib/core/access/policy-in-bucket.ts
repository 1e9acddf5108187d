import { currentPolicyLimit, currentPolicySchema } from '../../contract/cloud/current-policy.ts';
import { policyKey } from '../../contract/cloud/state-keys.ts';
import type { Clock } from '../clock.ts';
import { PolicyUnavailable, WeighbridgeError } from '../errors.ts';
import type { Store, StoredObject } from '../stores/store.ts';
import type { CurrentPolicy, PolicySource } from './access-ports.ts';
import { readAccessPolicy } from './policy/read-access-policy.ts';

/** Seconds for which nobody asks again. */
const freshFor = 15;

/** Seconds after which a policy is not decided by any more; also in the runbook and in docs/access.md. */
const usableFor = 30;

/** Seconds after which a request that was not answered is given up: a function that was frozen may wait for nothing. */
const patience = 10;

/** Seconds after a failure in which it stands for the next one, where nothing usable is left. */
const restAfterFailure = 1;

/** Seconds for which the same trouble is not told again. */
const quietFor = 60;

export interface BucketPolicyOptions {
  /** The state bucket. */
  readonly store: Pick<Store, 'get'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Told of what cannot be read, at most once a minute for the same cause. */
  onUnreadable(error: unknown): void;
}

/** What was there when it was asked for. */
interface Known {
  /** Undefined: there was none. */
  readonly current: CurrentPolicy | undefined;
  /** Milliseconds: when the request began. */
  readonly asked: number;
}

interface Asking {
  readonly asked: number;
  readonly answer: Promise<void>;
}

/** The policy that the pipeline put into the state bucket. Age counts from the beginning of the request that brought it. */
export class BucketPolicySource implements PolicySource {
  readonly #options: BucketPolicyOptions;
  #known: Known | undefined;
  #asking: Asking | undefined;
  #failure: { readonly at: number; readonly error: unknown } | undefined;
  #told: { readonly cause: string; readonly at: number } | undefined;

  constructor(options: BucketPolicyOptions) {
    this.#options = options;
  }

  async current(): Promise<CurrentPolicy | undefined> {
    if (this.#younger(this.#known, freshFor)) return this.#known?.current;
    const failed = this.#failure;
    const rests = failed !== undefined && this.#now() - failed.at < restAfterFailure * 1000 && this.#now() >= failed.at;
    if (!rests) await this.#ask();
    if (this.#younger(this.#known, usableFor)) return this.#known?.current;
    throw new PolicyUnavailable('the access policy cannot be read now', {
      cause: this.#failure?.error,
      retryable: true,
    });
  }

  #now(): number {
    return this.#options.clock.now().getTime();
  }

  /** A clock that was set back makes everything old. */
  #younger(known: Known | undefined, seconds: number): boolean {
    if (known === undefined) return false;
    const age = this.#now() - known.asked;
    return age >= 0 && age < seconds * 1000;
  }

  /** One request for all who wait, as long as it may be answered. */
  async #ask(): Promise<void> {
    if (this.#asking === undefined || !this.#younger({ current: undefined, asked: this.#asking.asked }, patience)) {
      const asked = this.#now();
      const asking: Asking = {
        asked,
        answer: this.#request(asked).finally(() => {
          if (this.#asking === asking) this.#asking = undefined;
        }),
      };
      this.#asking = asking;
    }
    await this.#asking.answer;
  }

  async #request(asked: number): Promise<void> {
    try {
      const found = await this.#options.store.get(policyKey, currentPolicyLimit);
      const current = this.#read(found);
      // An answer that was overtaken by a later one says less.
      if (this.#known === undefined || this.#known.asked <= asked || this.#known.asked > this.#now()) {
        this.#known = { current, asked };
        this.#failure = undefined;
      }
    } catch (error) {
      this.#failure = { at: this.#now(), error };
      this.#tell(error);
    }
  }

  #read(found: StoredObject | undefined): CurrentPolicy | undefined {
    if (found === undefined) return undefined;
    const { etag } = found.stat;
    const known = this.#known?.current;
    if (known?.etag === etag) return known;
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(found.bytes);
      const { policy } = currentPolicySchema.parse(JSON.parse(text));
      return { policy: readAccessPolicy(policy), etag };
    } catch (cause) {
      const evidence = { etag };
      throw new UnreadablePolicy(`${policyKey} is not a policy that this version reads`, { cause, evidence });
    }
  }

  #tell(error: unknown): void {
    const told = this.#told;
    const cause = error instanceof UnreadablePolicy ? String(error.evidence.etag) : String(error);
    const at = this.#now();
    if (told?.cause === cause && at >= told.at && at - told.at < quietFor * 1000) return;
    this.#told = { cause, at };
    this.#options.onUnreadable(error);
  }
}

/** There is a document, and it is none. */
export class UnreadablePolicy extends WeighbridgeError {
  override readonly name = 'UnreadablePolicy';
}
