import { describe, expect, it } from 'vitest';
import { policyKey } from '../../../lib/contract/cloud/state-keys.ts';
import type { AccessPolicy } from '../../../lib/core/access/access-policy.ts';
import { BucketPolicySource } from '../../../lib/core/access/policy-in-bucket.ts';
import { PolicyUnavailable } from '../../../lib/core/errors.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { type StoredObject, StoreError } from '../../../lib/core/stores/store.ts';
import { HeldClock } from './local/held-clock.ts';

const empty: AccessPolicy = { issuers: {}, principals: {}, grants: [] };
const named = (account: string): AccessPolicy => ({ ...empty, principals: { lab: { kind: 'aws', arns: [account] } } });

function document(policy: unknown, format = 1): Uint8Array {
  const from = { attempt: '01J00000000000000000000000', publisher: 'team', submittedAt: '2026-05-04T03:02:01.000Z' };
  return Buffer.from(JSON.stringify({ format, ...from, sha256: 'ab'.repeat(32), policy }));
}

function place() {
  const clock = new HeldClock();
  const store = new MemoryStore();
  const told: unknown[] = [];
  const answers = {
    asked: 0,
    fault: undefined as Error | undefined,
    gate: undefined as Promise<void> | undefined,
    gone: false,
  };
  const source = new BucketPolicySource({
    clock,
    onUnreadable: (error) => told.push(error),
    store: {
      async get(key, limit): Promise<StoredObject | undefined> {
        answers.asked += 1;
        const { fault } = answers;
        const found = await store.get(key, limit);
        await answers.gate;
        if (fault !== undefined) throw fault;
        return answers.gone ? undefined : found;
      },
    },
  });
  const write = async (bytes: Uint8Array) => {
    const there = await store.head(policyKey);
    await store.put(policyKey, bytes, there === undefined ? { ifAbsent: true } : { ifMatch: there.etag });
  };
  return { clock, source, told, answers, write };
}

describe('the policy in the state bucket', () => {
  it('is nothing where there is none, and asked for again 15 seconds later', async () => {
    const { clock, source, answers, write } = place();
    expect(await source.current()).toBeUndefined();
    await write(document(empty));
    clock.pass(14.9);
    expect(await source.current()).toBeUndefined();
    clock.pass(0.1);
    expect((await source.current())?.policy).toEqual(empty);
    expect(answers.asked).toBe(2);
  });

  it('is another one within 15 seconds of its replacement, and says so by its tag', async () => {
    const { clock, source, write } = place();
    await write(document(named('111122223333')));
    const first = await source.current();
    await write(document(named('444455556666')));
    clock.pass(15);
    const second = await source.current();
    expect(second?.policy).toEqual(named('444455556666'));
    expect(second?.etag).not.toBe(first?.etag);
  });

  it('is one request for all who wait', async () => {
    const { source, answers, write } = place();
    await write(document(empty));
    await Promise.all(Array.from({ length: 20 }, () => source.current()));
    expect(answers.asked).toBe(1);
  });

  it('holds for 30 seconds, counted from the request that brought it, while the bucket does not answer', async () => {
    const { clock, source, answers, told, write } = place();
    await write(document(empty));
    const begun = Promise.withResolvers<void>();
    answers.gate = begun.promise;
    const first = source.current();
    clock.pass(9);
    begun.resolve();
    await first;
    answers.gate = undefined;
    answers.fault = new StoreError('busy', { retryable: true });
    clock.pass(20.9);
    expect((await source.current())?.policy).toEqual(empty);
    clock.pass(0.1);
    await expect(source.current()).rejects.toThrow(PolicyUnavailable);
    expect(told).toEqual([answers.fault]);
    answers.fault = undefined;
    clock.pass(1);
    expect((await source.current())?.policy).toEqual(empty);
  });

  it('that came too late, since the function was frozen, is asked for again', async () => {
    const { clock, source, answers, write } = place();
    await write(document(named('111122223333')));
    const begun = Promise.withResolvers<void>();
    answers.gate = begun.promise;
    const frozen = source.current();
    answers.gate = undefined;
    await write(document(named('444455556666')));
    clock.pass(300);
    expect((await source.current())?.policy).toEqual(named('444455556666'));
    begun.resolve();
    expect((await frozen)?.policy).toEqual(named('444455556666'));
    expect((await source.current())?.policy).toEqual(named('444455556666'));
    expect(answers.asked).toBe(2);
  });

  it('is not replaced by what is none: it holds on for its time, and then nobody can say', async () => {
    for (const bad of [
      Buffer.from('{"format":1'),
      Buffer.from([0xff, 0xfe, 0x7b]),
      document(empty, 2),
      document({ grants: 'all' }),
      document({ ...empty, grants: [{ name: 'all' }] }),
      document(undefined),
    ]) {
      const { clock, source, told, write } = place();
      await write(document(named('111122223333')));
      await source.current();
      await write(bad);
      clock.pass(29);
      expect((await source.current())?.policy).toEqual(named('111122223333'));
      clock.pass(2);
      await expect(source.current()).rejects.toThrow(PolicyUnavailable);
      expect(told, bad.toString()).toMatchObject([{ name: 'UnreadablePolicy' }]);
      clock.pass(60);
      await expect(source.current()).rejects.toThrow(PolicyUnavailable);
      expect(told).toHaveLength(2);
    }
  });

  it('that is gone grants nothing any more', async () => {
    const { clock, source, answers, write } = place();
    await write(document(empty));
    expect((await source.current())?.policy).toEqual(empty);
    answers.gone = true;
    clock.pass(15);
    expect(await source.current()).toBeUndefined();
  });

  it('is asked for again where the clock was set back', async () => {
    const { clock, source, answers, write } = place();
    await write(document(empty));
    await source.current();
    clock.pass(-3600);
    expect((await source.current())?.policy).toEqual(empty);
    expect(answers.asked).toBe(2);
  });
});
