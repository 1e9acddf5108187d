import { beforeEach, describe, expect, test } from 'vitest';
import { acquireLease, type Lease, type LeaseOwner, type LeaseWait } from '../../../lib/core/state/lease.ts';
import { MemoryState } from '../../../lib/core/state/memory-state.ts';
import { processIdentity } from '../../../lib/core/state/process-identity.ts';
import type { StateCondition } from '../../../lib/core/state/state-store.ts';
import { ManualClock, settle } from './manual-clock.ts';

/** A state store that can be made to fail. */
class FailingState extends MemoryState {
  failing = false;
  override async write(name: string, text: string, condition: StateCondition): Promise<string | undefined> {
    if (this.failing) throw new Error('the state store does not answer');
    return await super.write(name, text, condition);
  }
}

let clock: ManualClock;
let state: FailingState;

const here = processIdentity();
const elsewhere = { host: 'another/machine', pid: 1, processStart: '1' };
const acquire = (owner: LeaseOwner, more: { signal?: AbortSignal; onWait?: (wait: LeaseWait) => void } = {}) =>
  acquireLease(state, { key: 'k', owner, clock, ...more });
const documentName = async () => (await state.list('leases/'))[0] ?? '';

beforeEach(() => {
  clock = new ManualClock();
  state = new FailingState(clock);
});

/** Follows a wait without waiting for it. */
function watch(pending: Promise<Lease>): { lease: Lease | undefined } {
  const seen: { lease: Lease | undefined } = { lease: undefined };
  pending.then((lease) => {
    seen.lease = lease;
  });
  return seen;
}

describe('a free lease', () => {
  test('is taken at once and leaves nothing when released', async () => {
    const lease = await acquire({ ...here, attempt: 'a' });
    expect(lease.epoch).toBe(1);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
    await lease.release();
    expect(await state.list('')).toEqual([]);
  });

  test('goes to one of those who want it at the same time, and then to the next', async () => {
    const wanting = ['a', 'b', 'c'].map((attempt) => watch(acquire({ ...here, attempt })));
    const served: Lease[] = [];
    for (let turn = 1; turn <= 3; turn += 1) {
      await clock.advance(4);
      const holding = wanting.flatMap(({ lease }) => (lease === undefined || served.includes(lease) ? [] : [lease]));
      expect(holding).toHaveLength(1);
      served.push(...holding);
      await holding[0]?.release();
    }
  });

  test('of another key does not matter', async () => {
    const one = await acquire({ ...elsewhere, attempt: 'a' });
    const two = await acquireLease(state, { key: 'other', owner: { ...here, attempt: 'b' }, clock });
    await Promise.all([one.release(), two.release()]);
  });
});

describe('a lease that somebody holds', () => {
  test('is waited for, which is said at once and then every ten seconds, as long as it is renewed', async () => {
    const held = await acquire({ ...elsewhere, attempt: 'a' });
    const waits: LeaseWait[] = [];
    const waiting = watch(acquire({ ...here, attempt: 'b' }, { onWait: (wait) => waits.push(wait) }));
    await settle();
    expect(waits).toEqual([{ holder: { ...elsewhere, attempt: 'a' }, seconds: 0 }]);
    await clock.advance(60);
    expect(waiting.lease).toBeUndefined();
    expect(waits.length).toBeGreaterThanOrEqual(5);
    expect(waits.length).toBeLessThanOrEqual(7);
    await held.release();
    await clock.advance(3);
    expect(waiting.lease?.epoch).toBe(1);
    await waiting.lease?.release();
  });

  test('on another host is taken when it has run out, and its holder learns of it when it goes on', async () => {
    const held = await acquire({ ...elsewhere, attempt: 'a' });
    // Its holder is stopped: time passes, but it does not wake.
    clock.jump(14);
    const waiting = watch(acquire({ ...here, attempt: 'b' }));
    await settle();
    expect(waiting.lease).toBeUndefined();
    clock.jump(2);
    const taken = await acquire({ ...here, attempt: 'c' });
    expect(taken.epoch).toBe(2);
    await clock.advance(1);
    expect(held.lost.aborted).toBe(true);
    await held.release();
    expect(await state.list('leases/')).toHaveLength(1);
    await taken.release();
    await clock.advance(4);
    await waiting.lease?.release();
  });

  test('by a process of this host that died is taken at once', async () => {
    await acquire({ host: here.host, pid: 4_194_999, processStart: '1', attempt: 'a' });
    expect((await acquire({ ...here, attempt: 'b' })).epoch).toBe(2);
  });

  test('by a process whose number now belongs to another is taken at once', async () => {
    await acquire({ ...here, processStart: '1', attempt: 'a' });
    expect((await acquire({ ...here, attempt: 'b' })).epoch).toBe(2);
  });

  test('by the same attempt is taken at once', async () => {
    await acquire({ ...elsewhere, attempt: 'a' });
    expect((await acquire({ ...here, attempt: 'a' })).epoch).toBe(2);
  });

  test('is not waited for any longer when the signal aborts', async () => {
    await acquire({ ...elsewhere, attempt: 'a' });
    const stop = new AbortController();
    const waiting = acquire({ ...here, attempt: 'b' }, { signal: stop.signal });
    await settle();
    stop.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
  });

  test.each(['not JSON', '{}', JSON.stringify({ format: 2 })])(
    "is nobody's when its document says %j",
    async (text) => {
      await (await acquire({ ...here, attempt: 'a' })).release();
      const probe = await acquire({ ...elsewhere, attempt: 'a' });
      const name = await documentName();
      await probe.release();
      await state.write(name, text, { ifAbsent: true });
      expect((await acquire({ ...here, attempt: 'b' })).epoch).toBe(1);
    },
  );

  test('by a clock that was far ahead is taken', async () => {
    clock.jump(3600);
    await acquire({ ...elsewhere, attempt: 'a' });
    clock.jump(-3600);
    expect((await acquire({ ...here, attempt: 'b' })).epoch).toBe(2);
  });
});

describe('a holder', () => {
  test('keeps its lease through a failure of the state store that is shorter than the lease', async () => {
    const lease = await acquire({ ...here, attempt: 'a' });
    state.failing = true;
    await clock.advance(11);
    state.failing = false;
    await clock.advance(10);
    expect(lease.lost.aborted).toBe(false);
    await lease.release();
  });

  test('counts it as lost when it could not be renewed for its life', async () => {
    const lease = await acquire({ ...here, attempt: 'a' });
    state.failing = true;
    await clock.advance(16);
    expect(lease.lost.aborted).toBe(true);
    await lease.release();
  });
});
