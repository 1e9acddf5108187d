import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Clock, systemClock } from '../clock.ts';
import { isProvenDead } from './process-identity.ts';
import type { StateDocument, StateStore } from './state-store.ts';

/** Seconds that a lease lives after its last renewal. */
const life = 15;
/** Seconds between renewals. */
const renewEvery = 5;
/** Seconds between two reports of a waiting process. */
const sayEvery = 10;
/** Seconds ahead of now beyond which an end can only be the work of a clock that was wrong. */
const farthest = 120;

const ownerSchema = z.object({
  host: z.string(),
  pid: z.number(),
  processStart: z.string().optional(),
  /** Id of the attempt: a repeated call of the same attempt takes its own lease over. */
  attempt: z.string(),
});

const leaseSchema = z.object({
  format: z.literal(1),
  owner: ownerSchema,
  /** Grows by one with every new holder. */
  epoch: z.number().int().positive(),
  until: z.iso.datetime(),
});
type LeaseDocument = z.infer<typeof leaseSchema>;

/** Who holds or wants a lease; `processIdentity()` and the attempt's id. */
export interface LeaseOwner {
  readonly host: string;
  readonly pid: number;
  readonly processStart?: string | undefined;
  readonly attempt: string;
}

export interface LeaseWait {
  readonly holder: LeaseOwner;
  /** Seconds waited so far. */
  readonly seconds: number;
}

export interface LeaseRequest {
  /** What is leased: the destination's id (`destinationOf`). */
  readonly key: string;
  readonly owner: LeaseOwner;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** Called at once when there is a need to wait, then every ten seconds. */
  readonly onWait?: (wait: LeaseWait) => void;
}

/** The right to work on something that would be wasted work for two. Correctness never rests on it. */
export interface Lease {
  readonly epoch: number;
  /** Aborts when somebody else has it, or when it could not be renewed in time. */
  readonly lost: AbortSignal;
  /** Ends it, if it is still this holder's. Calling it again does nothing. */
  release(): Promise<void>;
}

/** Name of the document that holds the lease on `key`. */
export function leaseName(key: string): string {
  return `leases/${createHash('sha256').update(key).digest('hex')}.json`;
}

/**
 * Waits until `key` is free and takes it. A holder that is proven dead on this host, and the same attempt,
 * are replaced at once; any other when its lease has run out by the state store's clock.
 * @throws the signal's reason when it aborts.
 */
export async function acquireLease(state: StateStore, request: LeaseRequest): Promise<Lease> {
  const { clock = systemClock, owner, signal, onWait } = request;
  const name = leaseName(request.key);
  let waited = 0;
  let said = Number.NEGATIVE_INFINITY;
  for (;;) {
    signal?.throwIfAborted();
    const taken = await take(state, name, owner, clock);
    if (taken instanceof HeldLease) return taken;
    if (taken === undefined) continue;
    if (waited - said >= sayEvery) {
      onWait?.({ holder: taken, seconds: waited });
      said = waited;
    }
    // A little randomness, so that not all who wait look at the same moment.
    const pause = 0.5 + Math.random();
    await clock.sleep(pause, signal);
    waited += pause;
  }
}

/** Takes `key` if it is free now; undefined where somebody has it, or was faster. */
export async function tryLease(
  state: StateStore,
  { key, owner, clock = systemClock }: Pick<LeaseRequest, 'key' | 'owner' | 'clock'>,
): Promise<Lease | undefined> {
  const taken = await take(state, leaseName(key), owner, clock);
  return taken instanceof HeldLease ? taken : undefined;
}

/** @returns the lease; its holder, where somebody has it; undefined where somebody else was faster just now. */
async function take(
  state: StateStore,
  name: string,
  owner: LeaseOwner,
  clock: Clock,
): Promise<HeldLease | LeaseOwner | undefined> {
  const now = await state.now();
  const current = await state.read(name);
  const holder = current === undefined ? undefined : parse(current);
  if (holder !== undefined && !mayReplace(holder, owner, now)) return { ...holder.owner };
  const document = { format: 1 as const, owner, epoch: (holder?.epoch ?? 0) + 1, until: end(now) };
  const condition = current === undefined ? ({ ifAbsent: true } as const) : { ifMatch: current.tag };
  const tag = await state.write(name, JSON.stringify(document), condition);
  return tag === undefined ? undefined : new HeldLease({ state, clock, name, document, tag });
}

function mayReplace(holder: LeaseDocument, owner: LeaseOwner, now: Date): boolean {
  const left = (Date.parse(holder.until) - now.getTime()) / 1000;
  if (left <= 0 || left > farthest || holder.owner.attempt === owner.attempt) return true;
  return isProvenDead({ ...holder.owner, processStart: holder.owner.processStart });
}

function end(now: Date): string {
  return new Date(now.getTime() + life * 1000).toISOString();
}

/** A document that nobody understands protects nobody. */
function parse({ text }: StateDocument): LeaseDocument | undefined {
  try {
    return leaseSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

interface Held {
  readonly state: StateStore;
  readonly clock: Clock;
  readonly name: string;
  readonly document: LeaseDocument;
  readonly tag: string;
}

class HeldLease implements Lease {
  readonly epoch: number;
  readonly #held: Held;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #renewing: Promise<void>;
  #tag: string;

  constructor(held: Held) {
    this.#held = held;
    this.#tag = held.tag;
    this.epoch = held.document.epoch;
    this.#renewing = this.#keepRenewing();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    if (this.#released.signal.aborted) return;
    this.#released.abort();
    await this.#renewing;
    if (!this.#lost.signal.aborted) await this.#held.state.remove(this.#held.name, this.#tag);
  }

  async #keepRenewing(): Promise<void> {
    const { clock } = this.#held;
    let renewed = clock.now().getTime();
    while (!this.#lost.signal.aborted) {
      try {
        await clock.sleep(renewEvery, this.#released.signal);
      } catch {
        return;
      }
      try {
        if (!(await this.#renew())) this.#lost.abort(new Error('somebody else holds the lease now'));
        renewed = clock.now().getTime();
      } catch (error) {
        // The state store may answer again before the lease has run out.
        if (clock.now().getTime() - renewed >= life * 1000) this.#lost.abort(error);
      }
    }
  }

  async #renew(): Promise<boolean> {
    const { state, name, document } = this.#held;
    const until = end(await state.now());
    const tag = await state.write(name, JSON.stringify({ ...document, until }), { ifMatch: this.#tag });
    if (tag !== undefined) this.#tag = tag;
    return tag !== undefined;
  }
}
