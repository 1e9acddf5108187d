import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planRun } from '../../../lib/core/pipeline/plan-run.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { driveRun } from './drive-run.ts';
import { PipelineFixture, partSize, stored } from './pipeline-fixture.ts';

const large = patternBytes(4 * partSize, 7);
const key = 'models/1.0.0/weights.bin';

let fixture: PipelineFixture;

beforeEach(async () => {
  fixture = await PipelineFixture.start();
});
afterEach(() => fixture.close());

describe('planning', () => {
  it('ends in its time where upstream does not answer, and leaves the asking to the transfers', async () => {
    const many = Array.from({ length: 20 }, (_, at) => ({ id: `part-${at}`, bytes: Buffer.from(`weights ${at}`) }));
    const input = await fixture.submit(fixture.manifest(many));
    for (const { id } of many) fixture.upstream.fault(`/${id}`, { kind: 'slow-start', seconds: 30 });
    fixture.secondsLeft = () => 1;
    const { reported, items } = await driveRun(fixture, input, {
      before: (state) => {
        if (state !== 'transfer') return;
        fixture.upstream.heal();
        fixture.secondsLeft = () => 600;
      },
    });
    expect(items).toBe(1);
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
  });

  it('reads no object whose proof is of another version of it: a transfer does', async () => {
    const broken = { id: 'broken', bytes: Buffer.from('{}'), sha256: 'ab12'.repeat(16) };
    const manifest = fixture.manifest([{ id: 'weights', bytes: large }, broken]);
    const first = await driveRun(fixture, await fixture.submit(manifest));
    expect(first.reported?.report).toMatchObject({ ok: false, state: 'failed' });
    // S3 makes its tags of the bytes: as if they had been put back since, under another version.
    const version = fixture.mirror.bucket.latest(key)?.stat.version ?? '';
    for (const name of fixture.working.bucket.keys().filter((one) => /\/done\/\d+\.json$/.test(one))) {
      const text = Buffer.from(stored(fixture.working.bucket, name) ?? []).toString();
      const tag = fixture.working.bucket.latest(name)?.stat.etag ?? '';
      await fixture.working.put(name, Buffer.from(text.replaceAll(version, 'gone')), { ifMatch: tag });
    }
    const input = await fixture.submit(manifest);
    const read: string[] = [];
    fixture.around = (store) =>
      new Proxy(store, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property, target);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            if (property === 'read') read.push(String(args[0]));
            return value.apply(target, args) as unknown;
          };
        },
      });
    const { items } = await planRun(input, fixture.ports());
    expect(items?.count).toBe(2);
    expect(read).not.toContain(key);
    const again = await driveRun(fixture, input);
    expect(read).toContain(key);
    expect(again.reported?.report?.artifacts[0]).toMatchObject({ state: 'present', bytesFetched: 0 });
  });
});

describe('objects in the store that nobody vouches for', () => {
  it('count one by one: a pass that ends before the last of them is not lost', async () => {
    const many = Array.from({ length: 12 }, (_, at) => ({ id: `part-${at}`, bytes: Buffer.from(`weights ${at}`) }));
    const input = await fixture.submit(fixture.manifest(many));
    for (const { id, bytes } of many) await fixture.mirror.put(`models/1.0.0/${id}.bin`, bytes, { ifAbsent: true });
    fixture.around = (store) =>
      new Proxy(store, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property, target);
          if (property !== 'read') return typeof value === 'function' ? value.bind(target) : value;
          return async function* (...args: Parameters<typeof target.read>) {
            if (args[0].startsWith('models/1.0.0/part-')) await setTimeout(150);
            yield* target.read(...args);
          };
        },
      });
    // Half a second to work in.
    fixture.secondsLeft = () => 20.5;
    const { reported, passes } = await driveRun(fixture, input);
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
    expect(reported?.report?.artifacts.every(({ state }) => state === 'present')).toBe(true);
    expect(passes).toBeGreaterThan(1);
  });
});
