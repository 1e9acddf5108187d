import { beforeEach, expect, test } from 'vitest';
import type { LeaseOwner, LeaseWait } from '../../../lib/core/state/lease.ts';
import { MemoryState } from '../../../lib/core/state/memory-state.ts';
import { processIdentity } from '../../../lib/core/state/process-identity.ts';
import { ClaimLost, clearClaim, ReleaseClaim } from '../../../lib/core/state/release-claim.ts';
import { ManualClock, settle } from './manual-clock.ts';

let clock: ManualClock;
let state: MemoryState;
let waits: LeaseWait[];

const elsewhere = { host: 'another/machine', pid: 1, processStart: '1' };

beforeEach(() => {
  clock = new ManualClock();
  state = new MemoryState(clock);
  waits = [];
});

function acquire(content: string, attempt: string, who: Omit<LeaseOwner, 'attempt'> = elsewhere) {
  const { signal } = new AbortController();
  const owner = { ...who, attempt };
  return ReleaseClaim.acquire(state, { key: 'k', content, owner, clock, signal, onWait: (wait) => waits.push(wait) });
}

/** Follows a wait without waiting for it. */
function watch(pending: Promise<ReleaseClaim>): { claim: ReleaseClaim | undefined } {
  const seen: { claim: ReleaseClaim | undefined } = { claim: undefined };
  pending.then((claim) => {
    seen.claim = claim;
  });
  return seen;
}

test('a claim is shared by runs with the same content and leaves nothing when the last one ends', async () => {
  const first = await acquire('x', 'a');
  const second = await acquire('x', 'b');
  expect([first.waited, second.waited]).toEqual([false, false]);
  await clock.advance(20);
  expect([first.lost.aborted, second.lost.aborted]).toEqual([false, false]);
  await first.release();
  await first.release();
  expect(await state.list('')).toHaveLength(1);
  await second.release();
  expect(await state.list('')).toEqual([]);
});

test('a run with other content waits for every holder, and says for whom', async () => {
  const first = await acquire('x', 'a');
  const second = await acquire('x', 'b');
  const other = watch(acquire('y', 'c'));
  await clock.advance(40);
  expect(other.claim).toBeUndefined();
  expect(waits.length).toBeGreaterThan(1);
  expect(waits[0]).toMatchObject({ holder: { pid: 1, attempt: 'a' }, seconds: 0 });
  await first.release();
  await clock.advance(2);
  expect(other.claim).toBeUndefined();
  await second.release();
  await clock.advance(2);
  expect(other.claim?.waited).toBe(true);
  await other.claim?.release();
});

test('a holder proven dead is replaced at once, one elsewhere when it has been silent for 15 seconds', async () => {
  await acquire('x', 'dead', { ...processIdentity(), pid: 2 ** 30 });
  clock.jump(1);
  const claim = await acquire('y', 'b');
  expect(claim.waited).toBe(false);
  clock.jump(16);
  const next = await acquire('z', 'c', processIdentity());
  expect(next.waited).toBe(false);
  await next.release();
});

test('a holder that slept too long learns that a run with other content took its place', async () => {
  const sleeper = await acquire('x', 'a');
  clock.jump(16);
  const next = await acquire('y', 'b');
  await clock.advance(6);
  expect(sleeper.lost.reason).toBeInstanceOf(ClaimLost);
  expect(next.lost.aborted).toBe(false);
  await sleeper.release();
  expect(await state.list('')).toHaveLength(1);
  await next.release();
  expect(await state.list('')).toEqual([]);
});

test('a holder that slept too long goes on when nobody else came, or only runs with its content', async () => {
  const sleeper = await acquire('x', 'a');
  clock.jump(16);
  const second = await acquire('x', 'b');
  await clock.advance(6);
  expect(sleeper.lost.aborted).toBe(false);
  await second.release();
  expect(await state.list('')).toHaveLength(1);
  await sleeper.release();
});

test('a wait ends with the signal', async () => {
  const holder = await acquire('x', 'a');
  const stop = new AbortController();
  const owner = { ...elsewhere, attempt: 'b' };
  const request = { key: 'k', content: 'y', owner, clock, signal: stop.signal, onWait: () => undefined };
  const waiting = ReleaseClaim.acquire(state, request);
  await settle();
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await holder.release();
});

test('what dead holders left is cleared, what living ones hold is not; a damaged document protects nobody', async () => {
  const holder = await acquire('x', 'a');
  await clearClaim(state, 'k');
  const [name = ''] = await state.list('claims/');
  clock.jump(16);
  await clearClaim(state, 'k');
  expect(await state.list('')).toEqual([]);
  await state.write(name, '{', { ifAbsent: true });
  const next = await acquire('y', 'b');
  expect(next.waited).toBe(false);
  await next.release();
  await holder.release();
  await clearClaim(state, 'k');
});
