import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import type { CoreEvent } from '../../../lib/core/events.ts';
import { verifyMirror } from '../../../lib/core/verify/verify-mirror.ts';
import { layOutMirror } from '../../fixtures/mirror.ts';
import { readerOf } from '../../fixtures/open-store-mirror.ts';

/** A mirror whose second release is complete and not in the registry, and a function that lists it. */
async function halfPublished(): Promise<{ readonly root: string; publish(): void }> {
  const { root } = await layOutMirror([
    { collection: 'weights', version: '1.0.0', files: { 'a.bin': 'a' } },
    { collection: 'later', version: '1.0.0', files: { 'b.bin': 'b' } },
  ]);
  const path = join(root, 'registry.json');
  const text = readFileSync(path, 'utf8');
  const registry = JSON.parse(text);
  const { later, ...others } = registry.collections;
  expect(later).toBeDefined();
  writeFileSync(path, JSON.stringify({ ...registry, collections: others }));
  return { root, publish: () => writeFileSync(path, text) };
}

function verify(root: string, emit: (event: CoreEvent) => void) {
  const { signal } = new AbortController();
  const request = {
    reader: readerOf(root),
    releases: [],
    quick: false,
    clock: systemClock,
    reporter: { emit },
    signal,
  };
  return verifyMirror(request);
}

test('a release that is published while a mirror is verified is no finding', async () => {
  const { root, publish } = await halfPublished();
  const result = await verify(root, ({ type }) => {
    if (type === 'artifact-finished') publish();
  });
  expect(result).toMatchObject({ ok: true, findings: [] });
  expect(result.notes).toEqual(['later@1.0.0 was published during this verification, which leaves it out']);
});

test('one whose last record is just being written is waited for', async () => {
  const { root, publish } = await halfPublished();
  const result = await verify(root, ({ type }) => {
    if (type === 'artifact-finished') setTimeout(publish, 300);
  });
  expect(result).toMatchObject({ ok: true, findings: [] });
});

test('one that nobody lists is a finding', async () => {
  const { root } = await halfPublished();
  const result = await verify(root, () => undefined);
  expect(result.findings).toMatchObject([{ kind: 'registry', release: 'later@1.0.0' }]);
});
