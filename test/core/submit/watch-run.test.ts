import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../lib/contract/cloud/progress.ts';
import { progressKey, reportKey } from '../../../lib/contract/cloud/state-keys.ts';
import { NotAuthorised } from '../../../lib/core/errors.ts';
import type { CoreEvent } from '../../../lib/core/events.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { type Store, StoreError } from '../../../lib/core/stores/store.ts';
import { watchRun } from '../../../lib/core/submit/watch-run.ts';
import { HeldClock } from '../../cli/progress/held-clock.ts';

const place = { publisher: 'models', run: '0'.repeat(32), attempt: '01K00000000000000000000000' };
const report = {
  ok: true,
  ...{ run: place.run, attempt: place.attempt, collection: 'm', version: '1.0.0' },
  ...{ state: 'published', published: true, content: null, artifacts: [], notes: [] },
  stores: [{ store: 's3://mirror', state: 'published', requests: {} }],
  ...{ startedAt: '2026-01-01T00:00:00.000Z', finishedAt: '2026-01-01T00:01:30.000Z' },
};

function progress(updatedAt: string): Progress {
  return {
    ...{ format: 1, release: 'm@1.0.0', access: 'private', phase: 'transfer', artifacts: 1 },
    ...{ toMove: null, items: {}, notes: [], startedAt: '2026-01-01T00:00:00.000Z', updatedAt },
  };
}

/** Follows a run in which this happens, by seconds on the clock of who waits. */
async function watched(
  happens: (seconds: number, store: MemoryStore) => void,
  around: (store: Store) => Store = (it) => it,
) {
  const clock = new HeldClock();
  const began = clock.time;
  const events: { readonly at: number; readonly event: CoreEvent }[] = [];
  const store = new MemoryStore();
  const bucket = around(
    new Proxy(store, {
      get(target, name) {
        if (name === 'get') happens(clock.time - began, store);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
  );
  const ended = await watchRun(place, {
    clock,
    bucket,
    signal: new AbortController().signal,
    reporter: { emit: (event) => events.push({ at: clock.time - began, event }) },
  }).catch((error: unknown) => error);
  const notes = events.flatMap(({ at, event }) => (event.type === 'note' ? [{ at, message: event.message }] : []));
  return { ended, events, notes, seconds: clock.time - began };
}

function put(store: MemoryStore, key: string, value: unknown): void {
  const bytes = Buffer.from(JSON.stringify(value));
  void store.put(key, bytes, { ifAbsent: true });
}

/** What S3 answers to whoever may not list: the same for what is not there. */
function withoutList(store: Store, codeOf: () => string): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'get') return typeof value === 'function' ? value.bind(target) : value;
      return async (key: string, limit: number) => {
        const found = await target.get(key, limit);
        const code = codeOf();
        if (found === undefined || code !== 'AccessDenied')
          throw new NotAuthorised(`no ${key}`, { evidence: { code } });
        return found;
      };
    },
  });
}

describe('waiting for a run in the cloud', () => {
  it('ends with its report, and with how long it took', async () => {
    const { ended, events } = await watched((at, store) => {
      if (at >= 30) put(store, reportKey(place), report);
    });
    expect(ended).toMatchObject({ state: 'published', stores: [{ store: 's3://mirror' }] });
    expect(events.at(-1)?.event).toEqual({ type: 'run-finished', release: 'm@1.0.0', state: 'published', seconds: 90 });
  });

  it('takes a refusal for an object that is not there yet', async () => {
    const { ended } = await watched(
      (at, store) => {
        if (at >= 30) put(store, reportKey(place), report);
      },
      (store) => withoutList(store, () => 'AccessDenied'),
    );
    expect(ended).toMatchObject({ ok: true });
  });

  it('takes an expired session for what it is', async () => {
    const { ended } = await watched(
      () => {},
      (store) => withoutList(store, () => 'ExpiredToken'),
    );
    expect(ended).toBeInstanceOf(NotAuthorised);
  });

  it('says once that a run does not start, and goes on waiting', async () => {
    const { ended, notes } = await watched((at, store) => {
      if (at >= 3600) put(store, reportKey(place), report);
    });
    expect(ended).toMatchObject({ ok: true });
    expect(notes).toHaveLength(1);
    expect(notes[0]?.at).toBeGreaterThanOrEqual(180);
    expect(notes[0]?.at).toBeLessThan(200);
    expect(notes[0]?.message).toContain('docs/runbook.md');
  });

  it('says that a run which had begun is silent', async () => {
    const { notes } = await watched((at, store) => {
      put(store, progressKey(place), progress('2026-01-01T00:00:01.000Z'));
      if (at >= 7200) put(store, reportKey(place), report);
    });
    expect(notes).toHaveLength(1);
    expect(notes[0]?.at).toBeGreaterThanOrEqual(1200);
    expect(notes[0]?.message).toContain('A run that does not end');
  });

  it('bears a network that is away for some minutes, and not for ever', async () => {
    const cut = (from: number, to: number) => (at: number, store: MemoryStore) => {
      if (at >= from && at < to) throw new StoreError('the state bucket was not reached', { retryable: true });
      if (at >= to) put(store, reportKey(place), report);
    };
    const short = await watched(cut(20, 600));
    expect(short.ended).toMatchObject({ ok: true });
    expect(short.notes.filter(({ message }) => message.includes('was not reached'))).toHaveLength(1);
    const long = await watched(cut(20, 7200));
    expect(long.ended).toBeInstanceOf(StoreError);
    expect(long.seconds).toBeLessThan(1000);
  });

  it('does not guess at a report that it cannot read', async () => {
    const { ended } = await watched((_, store) => put(store, reportKey(place), { ...report, state: 'sideways' }));
    expect(ended).toMatchObject({ name: 'StoreError', message: expect.stringContaining('state') });
  });
});
