import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import type { Manifest } from '../../../lib/core/manifest/manifest.ts';
import { clearAbandoned } from '../../../lib/core/stage/clear-abandoned.ts';
import { BucketState } from '../../../lib/core/state/bucket-state.ts';
import { CheckpointStore } from '../../../lib/core/state/checkpoint.ts';
import { destinationOf } from '../../../lib/core/state/destination.ts';
import { acquireLease } from '../../../lib/core/state/lease.ts';
import { MemoryState } from '../../../lib/core/state/memory-state.ts';
import { MemoryBucket } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';

const size = 3000;
const bytes = new Uint8Array(size).fill(7);
const limits = { singlePut: 1000, partSize: 1000 };
const key = 'models/1.0.0/weights.bin';
const otherKey = 'models/2.0.0/weights.bin';
const days = 86_400_000;

let fixture: StageFixture;
let bucket: MemoryBucket;
let store: MemoryStore;
let wanted: Manifest;

beforeEach(() => {
  bucket = new MemoryBucket();
  store = new MemoryStore({ bucket, ...limits });
  fixture = stageFixture({ state: new BucketState({ location: 's3://state', store: new MemoryStore() }) });
  wanted = manifest([artifact('weights', bytes)]);
  for (const { id } of wanted.artifacts) fixture.upstream.set(`https://upstream.example/${id}`, bytes);
});

afterEach(() => fixture.close());

/** An upload as a dead run leaves it, begun some days ago. */
async function leave(at: string, age = 0): Promise<string> {
  const now = () => new Date(Date.now() - age * days);
  const past = new MemoryStore({ bucket, ...limits, clock: { now, sleep: async () => {} } });
  return (await past.beginUpload(at, { size })).id;
}

async function checkpoint(uploadId: string, at = key): Promise<void> {
  const { state } = fixture.ports;
  await new CheckpointStore(state).save(destinationOf(store, at, state), {
    format: 2,
    uploadId,
    key: at,
    partSize: 1000,
    size,
    sha256: 'ab'.repeat(32),
    source: 'https://upstream.example/weights',
    offset: 0,
    crc32c: 'AAAAAA==',
  });
}

function left(): readonly string[] {
  return [...bucket.uploads.values()].map((upload) => upload.key).sort();
}

describe('a run that published', () => {
  test('ends the uploads of runs that died before their first checkpoint, and says so', async () => {
    await leave(key);
    await leave(key);
    const { report } = await fixture.stage(wanted, store);
    expect(report).toMatchObject({ ok: true, state: 'published' });
    expect(report.notes.join()).toContain('Cleaned up 2 unfinished uploads');
    expect(left()).toEqual([]);
    expect(await fixture.ports.state.list('')).toEqual([]);
  });

  test('ends an upload that only a checkpoint knows', async () => {
    expect(await fixture.stage(wanted, store)).toMatchObject({ report: { ok: true } });
    const hidden = Object.assign(new MemoryStore({ bucket, ...limits }), { async *uploads() {} });
    await checkpoint(await leave(key));
    const { report } = await fixture.stage(wanted, hidden);
    expect(report).toMatchObject({ state: 'present' });
    expect(report.notes.join()).toContain('Cleaned up 1 unfinished upload ');
    expect(left()).toEqual([]);
  });

  test('leaves uploads of other releases alone for a week, and for ever what is not its own', async () => {
    await leave(otherKey, 6.9);
    await leave('models/3.0.0/weights.bin', 7.1);
    await leave('backup.tar', 30);
    await leave('Reports/2024/all.tar', 30);
    await fixture.stage(wanted, store);
    expect(left()).toEqual(['Reports/2024/all.tar', 'backup.tar', otherKey]);
  });

  test('leaves alone what somebody works on', async () => {
    await leave(otherKey, 8);
    const { state } = fixture.ports;
    const owner = { host: 'another machine', pid: 1, attempt: 'theirs' };
    const lease = await acquireLease(state, { key: destinationOf(store, otherKey, state), owner });
    await fixture.stage(wanted, store);
    expect(left()).toEqual([otherKey]);
    await lease.release();
    await fixture.stage(wanted, store);
    expect(left()).toEqual([]);
  });

  test('waits for nobody who works there still, by the clock of the machine too', async () => {
    await leave(key);
    const { state } = fixture.ports;
    const owner = { host: 'another machine', pid: 1, attempt: 'theirs' };
    const lease = await acquireLease(state, { key: destinationOf(store, key, state), owner });
    const ended = { prefix: 'models/1.0.0/', keys: [key], complete: true };
    const ports = { ...fixture.ports, clock: systemClock };
    expect(await clearAbandoned(store, ended, 'ours', ports)).toEqual([]);
    expect(left()).toEqual([key]);
    await lease.release();
  });

  test('asks for the uploads once, however many artifacts there are', async () => {
    const many = manifest(Array.from({ length: 40 }, (_, index) => artifact(`a${index}`, bytes)));
    for (const { id } of many.artifacts) fixture.upstream.set(`https://upstream.example/${id}`, bytes);
    await fixture.stage(many, store);
    const again = new MemoryStore({ bucket, ...limits });
    const { report } = await fixture.stage(many, again);
    expect(report.stores[0]?.requests).toEqual({ get: 4, list: 2 });
    expect(report.workingState).toMatchObject({ location: 's3://state' });
  });
});

describe('a run that failed', () => {
  beforeEach(() => {
    wanted = manifest([artifact('weights', bytes), artifact('gone', new Uint8Array(size).fill(8))]);
    fixture.upstream.delete('https://upstream.example/gone');
  });

  test('ends uploads to its keys that nobody can continue', async () => {
    await leave(key);
    const { report } = await fixture.stage(wanted, store);
    expect(report).toMatchObject({ ok: false, state: 'failed' });
    expect(report.notes.join()).toContain('Cleaned up 1 unfinished upload ');
    expect(left()).toEqual([]);
  });

  test('leaves them alone for a week where another machine may be at work of which its state does not know', async () => {
    fixture.close();
    fixture = stageFixture({ state: new MemoryState() });
    fixture.upstream.set('https://upstream.example/weights', bytes);
    const recent = await leave(key, 6.9);
    await leave(key, 7.1);
    const { report } = await fixture.stage(wanted, store);
    expect(report).toMatchObject({ ok: false, state: 'failed' });
    expect([...bucket.uploads.keys()]).toEqual([recent]);
  });

  test('keeps what a checkpoint knows, for the next one', async () => {
    fixture.upstream.delete('https://upstream.example/weights');
    const id = await leave(key);
    await checkpoint(id);
    const { report } = await fixture.stage(wanted, store);
    expect(report).toMatchObject({ ok: false });
    expect(report.notes).toEqual([]);
    expect([...bucket.uploads.keys()]).toEqual([id]);
  });

  test('leaves the uploads of other keys alone', async () => {
    await leave(otherKey);
    await leave('models/1.0.0/other.bin');
    await fixture.stage(wanted, store);
    expect(left()).toEqual(['models/1.0.0/other.bin', otherKey]);
  });
});
