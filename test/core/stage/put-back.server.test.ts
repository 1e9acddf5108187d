import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { S3Store } from '../../../lib/core/stores/s3-store.ts';
import { type ReadOptions, StoreError } from '../../../lib/core/stores/store.ts';
import { s3Server } from '../../servers/running-servers.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';
import { clientOf, makeBucket } from '../stores/s3-place.ts';

const server = s3Server('minio');
const one = Buffer.from('the one');
const other = Buffer.from('the other');
const release = manifest([artifact('one', one), artifact('other', other)]);

// S3 makes its tags of the bytes: what is put back has the tag that it had, and another version.
describe.skipIf(server === undefined)('objects that are put back into a versioned bucket of MinIO', () => {
  let client: S3Client;
  let bucket: string;
  let fixture: StageFixture;

  beforeAll(() => {
    if (server !== undefined) client = clientOf(server);
  });
  afterAll(() => client?.destroy());

  beforeEach(async () => {
    fixture = stageFixture();
    bucket = await makeBucket(client);
    upstreamHas({ one, other });
  });
  afterEach(() => fixture.close());

  const open = () => new S3Store({ url: `s3://${bucket}`, bucket, prefix: '', client });

  function upstreamHas(files: Readonly<Record<string, Buffer>>): void {
    fixture.upstream.clear();
    for (const [id, bytes] of Object.entries(files)) fixture.upstream.set(`https://upstream.example/${id}`, bytes);
  }

  async function lose(): Promise<void> {
    for (const file of ['one.bin', 'other.bin']) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `models/1.0.0/${file}` }));
    }
  }

  /** Versions in `objects.json` that are not the object's, by file. */
  async function stale(): Promise<readonly string[]> {
    const record = await open().get('models/1.0.0/objects.json', 1 << 20);
    const objects: Record<string, { version?: string }> = JSON.parse(Buffer.from(record?.bytes ?? []).toString());
    const found: string[] = [];
    for (const [file, { version }] of Object.entries(objects)) {
      if ((await open().head(`models/1.0.0/${file}`))?.version !== version) found.push(file);
    }
    return found;
  }

  it('are recorded with their new versions', async () => {
    await fixture.stage(release, open());
    await lose();
    expect((await fixture.stage(release, open())).report.ok).toBe(true);
    expect(await stale()).toEqual([]);
  });

  it('are so also when another object could not be had at first', async () => {
    await fixture.stage(release, open());
    await lose();
    upstreamHas({ one });
    expect((await fixture.stage(release, open())).report.ok).toBe(false);
    expect(await stale()).toEqual([]);
    upstreamHas({ one, other });
    expect((await fixture.stage(release, open())).report.ok).toBe(true);
    expect(await stale()).toEqual([]);
    const record = await open().get('models/1.0.0/objects.json', 1 << 20);
    expect(Object.keys(JSON.parse(Buffer.from(record?.bytes ?? []).toString())).sort()).toEqual([
      'one.bin',
      'other.bin',
    ]);
  });

  it('are so in a replica too, when its primary could give only some at first', async () => {
    const primary = new BrokenStore();
    await fixture.stage(release, primary, { replicas: [open()] });
    await lose();
    primary.broken = 'other.bin';
    expect((await fixture.stage(release, primary, { replicas: [open()] })).report.state).toBe('degraded');
    expect(await stale()).toEqual([]);
    primary.broken = undefined;
    expect((await fixture.stage(release, primary, { replicas: [open()] })).report.state).toBe('present');
    expect(await stale()).toEqual([]);
  });
});

/** A store that cannot be read at one place. */
class BrokenStore extends MemoryStore {
  broken: string | undefined;

  override async *read(key: string, options?: ReadOptions): AsyncGenerator<Uint8Array> {
    if (this.broken !== undefined && key.endsWith(this.broken)) throw new StoreError(`${key} cannot be read`);
    yield* super.read(key, options);
  }
}
