import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DirectoryState } from '../../../lib/core/state/directory-state.ts';
import { scratchName } from '../../../lib/core/stores/scratch-files.ts';
import { stateSuite } from '../../conformance/state-suite.ts';

async function statePlace() {
  const folder = await mkdtemp(join(tmpdir(), 'weighbridge-state-'));
  const root = join(folder, 'state');
  return {
    root,
    open: () => new DirectoryState({ location: 'state', root }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

stateSuite('a directory', statePlace);

let place: Awaited<ReturnType<typeof statePlace>>;
let state: DirectoryState;

beforeEach(async () => {
  place = await statePlace();
  state = place.open();
});

afterEach(() => place.close());

test('nobody else can read what a state directory holds', async () => {
  await state.write('checkpoints/a.json', '{}', { ifAbsent: true });
  expect((await stat(place.root)).mode & 0o777).toBe(0o700);
  expect((await stat(join(place.root, 'checkpoints'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(place.root, 'checkpoints/a.json'))).mode & 0o777).toBe(0o600);
});

test('only documents and the lock are left in it', async () => {
  const tag = (await state.write('a.json', '1', { ifAbsent: true })) ?? '';
  await state.write('a.json', '2', { ifMatch: tag });
  await state.now();
  expect((await readdir(place.root)).sort()).toEqual(['a.json', 'lock.sqlite']);
  expect(await readFile(join(place.root, 'a.json'), 'utf8')).toBe('2');
});

test('what a dead process left in it is cleared', async () => {
  await state.write('a.json', '1', { ifAbsent: true });
  await writeFile(join(place.root, scratchName().replace(`-${process.pid}-`, '-4194999-')), 'x');
  expect(await state.list('')).toEqual(['a.json']);
  await place.open().write('b.json', '1', { ifAbsent: true });
  expect((await readdir(place.root)).sort()).toEqual(['a.json', 'b.json', 'lock.sqlite']);
});

test.each(['', '..', '../a', 'a/../b', '/a', 'a//b', 'a/', '.hidden', 'lock.sqlite', 'tmp-x', 'a\0', 'a b', 'é'])(
  'the name %j is refused',
  async (name) => {
    await expect(state.read(name)).rejects.toThrow(RangeError);
    await expect(state.write(name, 'x', { ifAbsent: true })).rejects.toThrow(RangeError);
    await expect(state.remove(name)).rejects.toThrow(RangeError);
  },
);

test('an existing folder keeps its own permissions', async () => {
  const shared = await mkdtemp(join(tmpdir(), 'weighbridge-shared-'));
  try {
    const before = (await stat(shared)).mode;
    const other = new DirectoryState({ location: 'shared', root: shared });
    await other.write('leases/a.json', '{}', { ifAbsent: true });
    expect((await stat(shared)).mode).toBe(before);
    expect((await stat(join(shared, 'leases'))).mode & 0o777).toBe(0o700);
  } finally {
    await rm(shared, { recursive: true, force: true });
  }
});
