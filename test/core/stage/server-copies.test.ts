import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../lib/core/manifest/manifest.ts';
import { MemoryBucket } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import type { ServerCopying } from '../../../lib/core/stores/server-copying.ts';
import {
  type Configured,
  type ObjectAttributes,
  type ObjectStat,
  type PutResult,
  StoreError,
} from '../../../lib/core/stores/store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';
import { patternBytes } from '../../support/transfer-ports.ts';

const mebibyte = 2 ** 20;
/** Enough for it to be worth looking for copies. */
const huge = patternBytes(64 * mebibyte + 1);
/** Too much for one put. */
const large = huge.subarray(0, 9 * mebibyte);
const contents = { huge, large, twin: huge };

/** A bucket that copies by itself, as S3 and GCS do, and has a setting that is not as it should be. */
class CopyingStore extends MemoryStore implements ServerCopying, Configured {
  readonly copied: string[] = [];
  looks = 0;
  fails = false;

  async copyProven(from: ObjectStat, toKey: string, crc32c: string, attributes: ObjectAttributes): Promise<PutResult> {
    if (this.fails) throw new StoreError('the copy failed');
    expect(crc32c).toBe(from.crc32c);
    this.copied.push(`${from.key} → ${toKey}`);
    return await this.copyWithin(from, toKey, attributes);
  }

  async checkSettings(): Promise<readonly string[]> {
    this.looks += 1;
    return ['versioning is off.'];
  }
}

let fixture: StageFixture;
let bucket: MemoryBucket;
beforeEach(() => {
  fixture = stageFixture();
  for (const [id, bytes] of Object.entries(contents)) fixture.upstream.set(`https://upstream.example/${id}`, bytes);
  bucket = new MemoryBucket();
});
afterEach(() => fixture.close());

function release(version: string, ...ids: readonly (keyof typeof contents)[]): Manifest {
  return manifest(
    ids.map((id) => artifact(id, contents[id])),
    { version },
  );
}

const notes = () => fixture.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));

describe('an object that the store holds elsewhere', () => {
  it('is copied by the store itself, and no byte of it is read', async () => {
    await fixture.stage(release('1.0.0', 'huge'), new CopyingStore({ bucket }));
    const store = new CopyingStore({ bucket });
    const { report } = await fixture.stage(release('1.1.0', 'huge'), store);
    expect(report).toMatchObject({ ok: true, artifacts: [{ state: 'copied', bytesFetched: 0 }] });
    expect(store.copied).toEqual(['models/1.0.0/huge.bin → models/1.1.0/huge.bin']);
    const copy = bucket.latest('models/1.1.0/huge.bin');
    expect(copy?.stat.metadata).toMatchObject({ sha256: artifact('huge', huge).sha256?.hex, release: 'models/1.1.0' });
    expect(copy?.attributes.contentType).toBe('application/octet-stream');
    const record = JSON.parse(Buffer.from(bucket.latest('models/1.1.0/release.json')?.bytes ?? '').toString());
    expect(record.artifacts[0].crc32c).toBe(copy?.stat.crc32c);
  });

  it('is copied by the store itself also when this very run staged it', async () => {
    const store = new CopyingStore({ bucket });
    const { report } = await fixture.stage(release('1.0.0', 'huge', 'twin'), store);
    expect(report.artifacts.map(({ state }) => state)).toEqual(['staged', 'copied']);
    expect(store.copied).toEqual(['models/1.0.0/huge.bin → models/1.0.0/twin.bin']);
  });

  it('is read, hashed and written where it is no longer the one that was recorded', async () => {
    await fixture.stage(release('1.0.0', 'huge'), new CopyingStore({ bucket }));
    bucket.overwrite('models/1.0.0/huge.bin', huge);
    const store = new CopyingStore({ bucket });
    const { report } = await fixture.stage(release('1.1.0', 'huge'), store);
    expect(report).toMatchObject({ ok: true, artifacts: [{ state: 'copied' }] });
    expect(store.copied).toEqual([]);
  });

  it('comes from upstream where it has other bytes by now', async () => {
    await fixture.stage(release('1.0.0', 'huge'), new CopyingStore({ bucket }));
    bucket.overwrite('models/1.0.0/huge.bin', patternBytes(huge.length, 2));
    const { report } = await fixture.stage(release('1.1.0', 'huge'), new CopyingStore({ bucket }));
    expect(report).toMatchObject({ ok: true, artifacts: [{ state: 'staged', bytesFetched: huge.length }] });
  });

  it('is read, hashed and written where the store fails to copy it', async () => {
    await fixture.stage(release('1.0.0', 'huge'), new CopyingStore({ bucket }));
    const store = new CopyingStore({ bucket });
    store.fails = true;
    const { report } = await fixture.stage(release('1.1.0', 'huge'), store);
    expect(report).toMatchObject({ ok: true, artifacts: [{ state: 'copied' }] });
    expect(notes().join()).toContain('the copy failed');
  });
});

describe('settings of a store that are not as they should be', () => {
  it('are looked at once, and told in the report, where something is written', async () => {
    const store = new CopyingStore({ bucket });
    const { report } = await fixture.stage(release('1.0.0', 'large'), store);
    expect(report.notes).toContain('versioning is off.');
    expect(store.looks).toBe(1);
  });

  it('are not looked at where nothing is', async () => {
    await fixture.stage(release('1.0.0', 'large'), new CopyingStore({ bucket }));
    const store = new CopyingStore({ bucket });
    const { report } = await fixture.stage(release('1.0.0', 'large'), store);
    expect([report.state, store.looks]).toEqual(['present', 0]);
  });
});

describe('an object that another writer put there meanwhile', () => {
  /** Somebody puts `theirs` under the key while this run is fetching. */
  function overtaken(theirs: Buffer): MemoryStore {
    const store = new MemoryStore({ bucket });
    const begin = store.beginUpload.bind(store);
    store.beginUpload = async (key, request) => {
      bucket.put(key, theirs, { ifAbsent: true });
      return await begin(key, request);
    };
    return store;
  }

  it('is read before it is taken over, which is said', async () => {
    const { report } = await fixture.stage(release('1.0.0', 'large'), overtaken(large));
    expect(report).toMatchObject({ ok: true, artifacts: [{ state: 'staged' }] });
    expect(notes().join()).toContain('another writer');
  });

  it('is refused when it has other bytes', async () => {
    const { error } = await fixture.stage(release('1.0.0', 'large'), overtaken(patternBytes(large.length, 2)));
    expect(error).toMatchObject({ exit: 3, reason: 'released-content' });
  });
});
