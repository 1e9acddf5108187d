import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Source } from '../../lib/core/sources/source.ts';
import { createGcsStorage } from '../../lib/core/stores/create-gcs-storage.ts';
import { createS3Client } from '../../lib/core/stores/create-s3-client.ts';
import { GcsStore } from '../../lib/core/stores/gcs-store.ts';
import { S3Store } from '../../lib/core/stores/s3-store.ts';
import type { Store } from '../../lib/core/stores/store.ts';
import { s3Server } from '../servers/running-servers.ts';
import { startStrictGcs } from '../servers/strict-gcs/start-strict-gcs.ts';
import { type ScriptedSource, scriptedSource } from '../support/scripted-source.ts';
import { artifact, manifest, stageFixture } from '../support/stage-fixture.ts';
import { patternBytes } from '../support/transfer-ports.ts';
import type { BucketSide } from './support/bucket-side.ts';
import { gcsSide } from './support/gcs-side.ts';
import { s3Side } from './support/s3-side.ts';

const server = s3Server('versitygw');
const closing: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function s3(): Promise<{ side: BucketSide; store: Store }> {
  if (server === undefined) throw new Error('the server is not installed');
  const { endpoint, region, credentials } = server;
  const side = await s3Side(server);
  const client = createS3Client({ endpoint, region, credentials, forcePathStyle: true });
  closing.push(
    () => side.close(),
    () => client.destroy(),
  );
  return { side, store: new S3Store({ url: side.url, bucket: side.bucket, prefix: '', client, settings: {} }) };
}

async function gcs(): Promise<{ side: BucketSide; store: Store }> {
  const strict = await startStrictGcs({ anonymous: true });
  closing.push(() => strict.stop());
  const side = await gcsSide({ apiEndpoint: strict.url, projectId: 'strict' }, () => strict.server.sessions.open);
  const storage = createGcsStorage({ apiEndpoint: strict.url, anonymous: true, projectId: 'strict' });
  return { side, store: new GcsStore({ url: side.url, bucket: side.url.slice('gs://'.length), prefix: '', storage }) };
}

/** What it hands out, it changes as soon as it is asked for more: memory that somebody else writes to. */
function changing(bytes: Buffer, at: number): ScriptedSource {
  const right = scriptedSource({ bytes });
  return {
    ...right,
    async *read(range, signal) {
      let position = range?.start ?? 0;
      for await (const chunk of right.read(range, signal)) {
        const copy = Buffer.from(chunk);
        yield copy;
        const index = at - position;
        if (index >= 0 && index < copy.length) copy[index] = (copy[index] ?? 0) ^ 1;
        position += copy.length;
      }
    },
  };
}

const sizes = [
  ['small', 30_000],
  ['large', 40 << 20],
] as const;

describe.each([
  ['S3', s3, server === undefined],
  ['GCS', gcs, false],
] as const)('a %s store', (_, open, skipped) => {
  async function stage(bytes: Buffer, source: ScriptedSource, sent: (store: Store) => Store = (store) => store) {
    const { side, store } = await open();
    const spec = artifact('weights', bytes);
    const uri = spec.sources[0]?.uri ?? '';
    const from: Source = { uri, resolve: async () => source };
    const fixture = stageFixture({ openSources: () => [from] });
    closing.push(() => fixture.close());
    const { report } = await fixture.stage(manifest([spec]), sent(store));
    const again = async () => (await fixture.stage(manifest([spec]), store)).report;
    return { side, report, visible: await side.bytes('models/1.0.0/weights.bin'), again };
  }

  it.skipIf(skipped).each(sizes)(
    'holds a %s file right or not at all, whose source changes what it gave',
    async (_, size) => {
      const bytes = patternBytes(size);
      const { report, visible, side } = await stage(bytes, changing(bytes, size - 100));
      if (visible !== undefined) expect(digest(visible)).toBe(digest(bytes));
      expect(report.published).toBe(visible !== undefined);
      expect(await side.pending()).toEqual([]);
    },
  );

  it.skipIf(skipped).each(sizes)('never shows a %s file with a byte that the source got wrong', async (_, size) => {
    const bytes = patternBytes(size);
    const wrong = Buffer.from(bytes);
    wrong.writeUInt8((bytes[size - 7] ?? 0) ^ 1, size - 7);
    const { report, side } = await stage(bytes, scriptedSource({ bytes: wrong }));
    expect(report).toMatchObject({ ok: false, published: false });
    expect(await side.keys()).toEqual(['registry.json']);
    expect(await side.pending()).toEqual([]);
  });

  it.skipIf(skipped)('never shows a byte that changed between hashing and sending', async () => {
    const bytes = patternBytes(40 << 20);
    const { report, side, again } = await stage(bytes, scriptedSource({ bytes }), tampered);
    expect(report).toMatchObject({ ok: false, published: false });
    expect(await side.keys()).toEqual(['registry.json']);
    // A part that was under way when its upload was aborted may be stored after that; the next run ends it.
    expect(await again()).toMatchObject({ ok: true, published: true });
    expect(digest((await side.bytes('models/1.0.0/weights.bin')) ?? Buffer.of())).toBe(digest(bytes));
    expect(await side.pending()).toEqual([]);
  });
});

/** A store whose uploads are given a part with another byte in it than was hashed. */
function tampered(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (name !== 'beginUpload') return typeof value === 'function' ? value.bind(target) : value;
      return async (...args: Parameters<Store['beginUpload']>) => {
        const upload = await target.beginUpload(...args);
        const write = upload.writePart.bind(upload);
        upload.writePart = (number, bytes, crc32c, signal) => {
          const copy = Buffer.from(bytes);
          if (number === 2) copy[5] = (copy[5] ?? 0) ^ 1;
          return write(number, copy, crc32c, signal);
        };
        return upload;
      };
    },
  });
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
