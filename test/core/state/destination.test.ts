import { expect, test } from 'vitest';
import { destinationId, destinationOf } from '../../../lib/core/state/destination.ts';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';

const own = { shared: false };
const shared = { shared: true };

test('destinations are told apart by store and key', () => {
  const ids = [
    ['file:a', 'b'],
    ['file:a', 'c'],
    ['file:b', 'b'],
    ['s3://bucket', 'a/b'],
    ['gs://bucket', 'a/b'],
    ['s3://bucket/a', 'b'],
  ].map(([url = '', key = '']) => destinationId(url, key));
  expect(new Set(ids).size).toBe(ids.length);
});

test('a bucket is the same however its URL is spelled, on every machine', () => {
  const spellings = ['s3://bucket/prod', 's3://bucket/prod/'];
  const ids = spellings.flatMap((url) =>
    [own, shared].map((state) => destinationOf(new MemoryStore({ url }), 'a', state)),
  );
  expect(new Set(ids).size).toBe(1);
  expect(destinationId('gs://bucket', 'a')).toBe(destinationId('gs://bucket/', 'a'));
});

test('a folder goes by its name beside its state, and by its place in state that machines share', () => {
  const [here, there] = ['/data/here', '/data/there'].map((root) => new DirectoryStore({ url: 'file:./mirror', root }));
  if (here === undefined || there === undefined) throw new Error('two stores');
  expect(destinationOf(here, 'a', own)).toBe(destinationOf(there, 'a', own));
  expect(destinationOf(here, 'a', shared)).not.toBe(destinationOf(there, 'a', shared));
  const again = new DirectoryStore({ url: 'file:mirror', root: '/data/here' });
  expect(destinationOf(again, 'a', shared)).toBe(destinationOf(here, 'a', shared));
});
