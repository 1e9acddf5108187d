import { describe, expect, it } from 'vitest';
import type { ItemProgress, Progress } from '../../../lib/contract/cloud/progress.ts';
import type { CoreEvent } from '../../../lib/core/events.ts';
import { ProgressEvents } from '../../../lib/core/submit/progress-events.ts';

const at = '2026-01-01T00:00:00.000Z';
const base: Progress = {
  ...{ format: 1, release: 'm@1.0.0', access: 'private', phase: 'transfer', artifacts: 10 },
  ...{ toMove: { artifacts: 4, bytes: 400 }, items: {}, notes: [], startedAt: at, updatedAt: at },
};

function item(more: Partial<ItemProgress>): ItemProgress {
  return { finished: 0, failed: 0, bytes: 0, active: [], ...more };
}

function eventsOf(...seen: readonly Partial<Progress>[]): readonly CoreEvent[] {
  const events: CoreEvent[] = [];
  const translated = new ProgressEvents({ emit: (event) => events.push(event) });
  for (const more of seen) translated.take({ ...base, ...more });
  return events;
}

function of<Type extends CoreEvent['type']>(events: readonly CoreEvent[], type: Type) {
  return events.filter((event): event is Extract<CoreEvent, { type: Type }> => event.type === type);
}

describe('the progress of a run in the cloud', () => {
  it('begins once, and names each phase once', () => {
    const events = eventsOf({ phase: 'plan', toMove: null }, {}, {}, { phase: 'publish' }, { phase: 'ended' });
    expect(of(events, 'run-started')).toEqual([
      { type: 'run-started', job: 'stage', release: 'm@1.0.0', artifacts: 10 },
    ]);
    expect(of(events, 'phase').map(({ phase }) => phase)).toEqual(['survey', 'transfer', 'publish']);
    expect(of(events, 'planned')).toEqual([{ type: 'planned', artifacts: 4, bytes: 400 }]);
  });

  it('adds the items up, and counts what was there before', () => {
    const active = [{ id: 'a', done: 30, total: null }];
    const items = { '0': item({ finished: 1, bytes: 130, active }), '1': item({ finished: 2, failed: 1, bytes: 100 }) };
    const planned = { plan: item({ finished: 6, bytes: 999 }) };
    expect(of(eventsOf({ items: { ...items, ...planned } }), 'standing')).toEqual([
      { type: 'standing', finished: 9, failed: 1, bytes: 230, active: [{ id: 'a', done: 30, total: undefined }] },
    ]);
  });

  it('begins anew with a replica, which it names', () => {
    const items = { '0': item({ finished: 4, bytes: 400 }), 'gcs-0': item({ finished: 1, bytes: 100 }) };
    const events = eventsOf({ items: { '0': item({ finished: 4, bytes: 400 }) } }, { phase: 'replicate', items });
    expect(of(events, 'phase')).toContainEqual({ type: 'phase', phase: 'replicate', store: 'gcs' });
    expect(of(events, 'standing').at(-1)).toMatchObject({ finished: 1, bytes: 100 });
  });

  it('says each line once, also when the older ones have fallen out', () => {
    const events = eventsOf({ notes: ['a', 'b'] }, { notes: ['a', 'b'] }, { notes: ['b', 'c'] }, { notes: ['x', 'y'] });
    expect(of(events, 'note').map(({ message }) => message)).toEqual(['a', 'b', 'c', 'x', 'y']);
  });

  it('says once why items wait', () => {
    const waiting = { waiting: 'a slot of example.org' };
    const items = { '0': item(waiting), '1': item(waiting) };
    const events = eventsOf({ items }, { items }, { items: { '0': item({}), '1': item({}) } }, { items });
    expect(of(events, 'note').map(({ message }) => message)).toEqual([
      'waiting: a slot of example.org',
      'waiting: a slot of example.org',
    ]);
  });
});
