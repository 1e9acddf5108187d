import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import { silentReporter } from '../../../lib/core/events.ts';
import { StoreMirror } from '../../../lib/core/mirror/store-mirror.ts';
import { canonicalJson } from '../../../lib/core/registry/canonical-json.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import type { ObjectStat } from '../../../lib/core/stores/store.ts';
import { compareStored, type StoredChecksum } from '../../../lib/core/verify/compare-stored.ts';
import { verifyMirror } from '../../../lib/core/verify/verify-mirror.ts';
import { verifyReplica } from '../../../lib/core/verify/verify-replica.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';

const weights = Buffer.alloc(300_000, 'weights');
const config = Buffer.from('{"layers": 2}\r\n');
const release = manifest([artifact('weights', weights), artifact('config', config)]);
const key = 'models/1.0.0/weights.bin';

/** A store that keeps no checksums, as a directory does. */
class Plain extends MemoryStore {
  override async head(key: string): Promise<ObjectStat | undefined> {
    const { crc32c: _, ...stat } = (await super.head(key)) ?? { key, size: -1, etag: '' };
    return stat.size < 0 ? undefined : stat;
  }
}

let fixture: StageFixture;
let primary: MemoryStore;
let replica: MemoryStore;

beforeEach(async () => {
  fixture = stageFixture();
  fixture.upstream.set('https://upstream.example/weights', weights).set('https://upstream.example/config', config);
  primary = new MemoryStore({ url: 'memory:primary' });
  replica = new MemoryStore({ url: 'memory:replica' });
});
afterEach(() => fixture.close());

async function verify(quick: boolean, copy: MemoryStore = replica) {
  const request = { releases: [], quick, clock: systemClock, reporter: silentReporter };
  const { signal } = new AbortController();
  const checksums = new Map<string, StoredChecksum>();
  const reader = new StoreMirror(primary);
  const result = await verifyMirror({ ...request, signal, reader, checksums });
  const ours = { ...request, signal, reader: new StoreMirror(copy) };
  return { primary: result, replica: await verifyReplica(reader, ours, checksums) };
}

describe('a quick look at a primary and its replica', () => {
  it('finds them equal by stored CRC32C, with one HEAD for each artifact and no content read', async () => {
    await fixture.stage(release, primary, { replicas: [replica] });
    const before = { ...replica.requests };
    const result = await verify(true);
    expect(result.replica).toMatchObject({ ok: true, compared: { equal: 2, unknown: 0 }, bytesHashed: 0, notes: [] });
    // Each record is asked for by a HEAD before it is read: registry and three records twice, and objects.json.
    const records = (replica.requests.get ?? 0) - (before.get ?? 0);
    expect((replica.requests.head ?? 0) - (before.head ?? 0)).toBe(records + 2);
  });

  it('finds an object with other bytes by what the record says', async () => {
    await fixture.stage(release, primary, { replicas: [replica] });
    replica.bucket.overwrite(key, Buffer.alloc(weights.length, 'x'));
    const result = await verify(true);
    expect(result.primary.ok).toBe(true);
    expect(result.replica).toMatchObject({ ok: false, compared: { equal: 1, unknown: 0 } });
    expect(result.replica.findings).toMatchObject([{ kind: 'digest', file: 'weights.bin', store: 'memory:replica' }]);
  });

  it('compares what both stores keep where the record has no CRC32C', () => {
    const kept = (crc32c: string | undefined) =>
      new Map([[key, { release: 'models@1.0.0', file: 'weights.bin', crc32c }]]);
    const compare = (ours: string | undefined, theirs: string | undefined) =>
      compareStored({ url: 'memory:a', checksums: kept(ours) }, { url: 'memory:b', checksums: kept(theirs) });
    expect(compare('K5OITg==', 'K5OITg==')).toEqual({ findings: [], equal: 1, unknown: 0 });
    expect(compare(undefined, 'K5OITg==')).toEqual({ findings: [], equal: 0, unknown: 1 });
    expect(compare('K5OITg==', 'isDwoA==')).toMatchObject({
      equal: 0,
      findings: [{ kind: 'replica', store: 'memory:b', expected: 'K5OITg==', actual: 'isDwoA==' }],
    });
  });

  it('says of how many artifacts one of the two stores keeps no checksum', async () => {
    const plain = new Plain({ url: 'memory:plain' });
    await fixture.stage(release, primary, { replicas: [plain] });
    const { replica: found } = await verify(true, plain);
    expect(found).toMatchObject({ ok: true, compared: { equal: 0, unknown: 2 } });
  });
});

describe('a replica that is read in full', () => {
  it('is valid by the digests of its own records', async () => {
    await fixture.stage(release, primary, { replicas: [replica] });
    const { replica: found } = await verify(false);
    expect(found).toMatchObject({ ok: true, bytesHashed: weights.length + config.length });
    expect(found.compared).toBeUndefined();
  });

  it('that published the same content on its own is noted, not found wrong', async () => {
    await fixture.stage(release, replica);
    await fixture.stage(release, primary, { replicas: [replica] });
    const { replica: found } = await verify(false);
    expect(found).toMatchObject({ ok: true, notes: [expect.stringContaining('on its own')] });
  });

  it('whose record was edited is found wrong', async () => {
    await fixture.stage(release, primary, { replicas: [replica] });
    const name = 'models/1.0.0/release.json';
    const record = JSON.parse(Buffer.from(replica.bucket.latest(name)?.bytes ?? []).toString());
    replica.bucket.overwrite(name, Buffer.from(canonicalJson({ ...record, license: 'MIT' })));
    const { replica: found } = await verify(false);
    expect(found.ok).toBe(false);
    expect(found.findings.map(({ kind }) => kind)).toContain('replica');
  });
});
