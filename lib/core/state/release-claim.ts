import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { WeighbridgeError } from '../errors.ts';
import type { LeaseOwner, LeaseWait } from './lease.ts';
import { isProvenDead } from './process-identity.ts';
import type { StateCondition, StateStore } from './state-store.ts';

/** Seconds that a holder counts as alive after its last sign of life. */
const life = 15;
/** Seconds between signs of life. */
const renewEvery = 5;
/** Seconds between two reports of a waiting process. */
const sayEvery = 10;

const holderSchema = z.object({
  host: z.string(),
  pid: z.number(),
  processStart: z.string().optional(),
  attempt: z.string(),
  until: z.iso.datetime(),
});

const claimSchema = z.object({
  format: z.literal(1),
  /** Digest of what the holders stage. */
  content: z.string(),
  holders: z.array(holderSchema),
});
type ClaimDocument = z.infer<typeof claimSchema>;

export interface ClaimRequest {
  /** What is claimed: the destination's id of the release's prefix. */
  readonly key: string;
  /** Runs that name the same content share the claim. */
  readonly content: string;
  readonly owner: LeaseOwner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called at once when there is a need to wait, then every ten seconds. */
  readonly onWait: (wait: LeaseWait) => void;
}

/** A run with other content works under this name since this one seemed dead: whoever sees this stops. */
export class ClaimLost extends WeighbridgeError {
  override readonly name = 'ClaimLost';
}

/**
 * Keeps runs with other content away from a release while it is staged. Without it two of them can each
 * publish some files that the other wants to write, and neither can be completed. Like every lease it saves
 * work and nothing more: that a release is never mixed rests on conditional writes.
 */
export class ReleaseClaim {
  /** Aborts, with `ClaimLost`, when a run with other content has the claim. */
  readonly lost: AbortSignal;
  /** Did somebody else have it before? Then what was read of the store is out of date. */
  readonly waited: boolean;
  readonly #state: StateStore;
  readonly #name: string;
  readonly #request: ClaimRequest;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #renewing: Promise<void>;

  private constructor(state: StateStore, name: string, request: ClaimRequest, waited: boolean) {
    this.waited = waited;
    this.#state = state;
    this.#name = name;
    this.#request = request;
    this.lost = this.#lost.signal;
    this.#renewing = this.#keepRenewing();
  }

  /** Waits until nobody alive stages other content. @throws the signal's reason when it aborts. */
  static async acquire(state: StateStore, request: ClaimRequest): Promise<ReleaseClaim> {
    const name = nameOf(request.key);
    let waited = 0;
    let said = Number.NEGATIVE_INFINITY;
    for (;;) {
      request.signal.throwIfAborted();
      const holder = await take(state, name, request);
      if (holder === undefined) return new ReleaseClaim(state, name, request, waited > 0);
      if (waited - said >= sayEvery) {
        request.onWait({ holder, seconds: waited });
        said = waited;
      }
      const pause = 0.3 + Math.random() * 0.5;
      await request.clock.sleep(pause, request.signal);
      waited += pause;
    }
  }

  /** Ends this run's share. Calling it again does nothing. */
  async release(): Promise<void> {
    if (this.#released.signal.aborted) return;
    this.#released.abort();
    await this.#renewing;
    await give(this.#state, this.#name, this.#request);
  }

  async #keepRenewing(): Promise<void> {
    while (!this.#lost.signal.aborted) {
      try {
        await this.#request.clock.sleep(renewEvery, this.#released.signal);
      } catch {
        return;
      }
      // A state store that does not answer costs the claim at worst; the conditional writes still hold.
      const holder = await take(this.#state, this.#name, this.#request).catch(() => undefined);
      if (holder === undefined) continue;
      const message = `process ${holder.pid} stages other content under the same name; this run stops`;
      this.#lost.abort(new ClaimLost(message, { hint: 'Take a new version, or run the same command again.' }));
    }
  }
}

/** Removes a claim whose holders have all died: of a release that is complete nobody will claim the name again. */
export async function clearClaim(state: StateStore, key: string): Promise<void> {
  const { document, condition } = await load(state, nameOf(key));
  if ('ifAbsent' in condition || alive(document, await state.now()).length > 0) return;
  await state.remove(nameOf(key), condition.ifMatch);
}

function nameOf(key: string): string {
  return `claims/${createHash('sha256').update(key).digest('hex')}.json`;
}

/** Adds or renews this run's share. @returns somebody alive who stages other content; undefined: done. */
async function take(state: StateStore, name: string, request: ClaimRequest): Promise<LeaseOwner | undefined> {
  const { owner, content } = request;
  for (;;) {
    const now = await state.now();
    const { document, condition } = await load(state, name);
    const others = alive(document, now).filter(({ attempt }) => attempt !== owner.attempt);
    const [first] = others;
    if (first !== undefined && document?.content !== content) return first;
    const until = new Date(now.getTime() + life * 1000).toISOString();
    const text = JSON.stringify({ format: 1, content, holders: [...others, { ...owner, until }] });
    if ((await state.write(name, text, condition)) !== undefined) return undefined;
  }
}

async function give(state: StateStore, name: string, { owner, content }: ClaimRequest): Promise<void> {
  for (;;) {
    const now = await state.now();
    const { document, condition } = await load(state, name);
    if (document?.content !== content || 'ifAbsent' in condition) return;
    const others = alive(document, now).filter(({ attempt }) => attempt !== owner.attempt);
    const done =
      others.length === 0
        ? await state.remove(name, condition.ifMatch)
        : (await state.write(name, JSON.stringify({ ...document, holders: others }), condition)) !== undefined;
    if (done) return;
  }
}

function alive(document: ClaimDocument | undefined, now: Date) {
  return (document?.holders ?? []).filter(({ until, ...holder }) => {
    const left = (Date.parse(until) - now.getTime()) / 1000;
    // An end that is farther away than a holder could set it is the work of a clock that was wrong.
    return left > 0 && left <= 2 * life && !isProvenDead({ ...holder, processStart: holder.processStart });
  });
}

async function load(
  state: StateStore,
  name: string,
): Promise<{ readonly document: ClaimDocument | undefined; readonly condition: StateCondition }> {
  const found = await state.read(name);
  if (found === undefined) return { document: undefined, condition: { ifAbsent: true } };
  return { document: claimSchema.safeParse(parse(found.text)).data, condition: { ifMatch: found.tag } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
