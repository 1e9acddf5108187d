import { beforeEach, expect, test } from 'vitest';
import { type Checkpoint, CheckpointStore } from '../../../lib/core/state/checkpoint.ts';
import { destinationId } from '../../../lib/core/state/destination.ts';
import { MemoryState } from '../../../lib/core/state/memory-state.ts';

const destination = destinationId('file:./mirror', 'a/1/w');
const checkpoint: Checkpoint = {
  format: 2,
  uploadId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  key: 'a/1/w',
  partSize: 8_388_608,
  size: 20_000_000,
  sha256: 'ab'.repeat(32),
  source: 'https://example.org/w',
  sourceVersion: '"etag"',
  offset: 8_388_608,
  hashState: 'AAAA',
  crc32c: 'AAAAAA==',
};

let state: MemoryState;
let mine: CheckpointStore;

beforeEach(() => {
  state = new MemoryState();
  mine = new CheckpointStore(state);
});

test('a checkpoint is loaded as it was saved, by another process too', async () => {
  expect(await mine.load(destination)).toBeUndefined();
  expect(await mine.save(destination, checkpoint)).toBe('saved');
  expect(await new CheckpointStore(state).load(destination)).toEqual(checkpoint);
});

test('each save replaces the one before', async () => {
  for (const offset of [1, 2, 3]) expect(await mine.save(destination, { ...checkpoint, offset })).toBe('saved');
  expect((await mine.load(destination))?.offset).toBe(3);
});

test('who was overtaken is told so, and neither overwrites nor removes what the other wrote', async () => {
  await mine.save(destination, checkpoint);
  const other = new CheckpointStore(state);
  await other.load(destination);
  expect(await other.save(destination, { ...checkpoint, offset: 5 })).toBe('saved');
  expect(await mine.save(destination, { ...checkpoint, offset: 2 })).toBe('lost');
  await mine.clear(destination);
  expect((await new CheckpointStore(state).load(destination))?.offset).toBe(5);
});

test('who never looked does not overwrite', async () => {
  await mine.save(destination, checkpoint);
  expect(await new CheckpointStore(state).save(destination, checkpoint)).toBe('lost');
});

test('a cleared checkpoint is gone', async () => {
  await mine.save(destination, checkpoint);
  await mine.clear(destination);
  await mine.clear(destination);
  expect(await state.list('')).toEqual([]);
  expect(await mine.save(destination, checkpoint)).toBe('saved');
});

test.each([
  'not JSON',
  '{}',
  JSON.stringify({ ...checkpoint, format: 1 }),
  JSON.stringify({ ...checkpoint, sha256: 'short' }),
  JSON.stringify({ ...checkpoint, offset: -1 }),
])('a checkpoint that is not understood counts as absent and is replaced', async (text) => {
  await mine.save(destination, checkpoint);
  const [name = ''] = await state.list('checkpoints/');
  await state.write(name, text, { ifMatch: (await state.read(name))?.tag ?? '' });
  const other = new CheckpointStore(state);
  expect(await other.load(destination)).toBeUndefined();
  expect(await other.save(destination, checkpoint)).toBe('saved');
});
