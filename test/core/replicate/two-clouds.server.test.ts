import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import { Interrupted } from '../../../lib/core/errors.ts';
import { silentReporter } from '../../../lib/core/events.ts';
import { StoreMirror } from '../../../lib/core/mirror/store-mirror.ts';
import { createS3Client } from '../../../lib/core/stores/create-s3-client.ts';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { S3Store } from '../../../lib/core/stores/s3-store.ts';
import { type Store, StoreError, type UploadRequest } from '../../../lib/core/stores/store.ts';
import type { StoredChecksum } from '../../../lib/core/verify/compare-stored.ts';
import { verifyMirror } from '../../../lib/core/verify/verify-mirror.ts';
import { verifyReplica } from '../../../lib/core/verify/verify-replica.ts';
import { s3Server } from '../../servers/running-servers.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { StrictBucket } from '../../servers/strict-gcs/strict-bucket.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../../support/stage-fixture.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { watchedStore } from '../../support/watched-store.ts';

const mebi = 2 ** 20;
/** More than one single put of either store, and no multiple of a part. */
const weights = patternBytes(40 * mebi + 12_345);
const config = Buffer.from('{"layers": 2}\r\n');
const release = manifest([artifact('weights', weights), artifact('config', config)]);
const shared = ['SHA256SUMS', 'RELEASE.md', 'release.json'];

const s3 = s3Server('versitygw');

describe.skipIf(s3 === undefined)(
  'a primary in S3 with replicas in GCS and in a directory',
  { timeout: 240_000 },
  () => {
    let client: S3Client;
    let gcs: RunningStrictGcs;
    let fixture: StageFixture;
    let folder: string;
    let names: { readonly s3: string; readonly gcs: string };

    beforeAll(async () => {
      gcs = await startStrictGcs();
      if (s3 !== undefined) client = createS3Client({ ...s3, forcePathStyle: true });
    });
    afterAll(async () => {
      client.destroy();
      await gcs.stop();
    });
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'weighbridge-clouds-'));
      names = { s3: `w-${randomUUID()}`, gcs: `g-${randomUUID()}` };
      await client.send(new CreateBucketCommand({ Bucket: names.s3 }));
      const versioned = { Bucket: names.s3, VersioningConfiguration: { Status: 'Enabled' as const } };
      await client.send(new PutBucketVersioningCommand(versioned));
      const rules = { settings: { versioning: { enabled: true } }, writeInterval: 0 };
      gcs.server.buckets.set(names.gcs, new StrictBucket(names.gcs, rules));
      fixture = begun();
    });
    afterEach(async () => {
      await fixture.close();
      await rm(folder, { recursive: true, force: true });
    });

    function begun(more: Parameters<typeof stageFixture>[0] = {}): StageFixture {
      const made = stageFixture(more);
      made.upstream.set('https://upstream.example/weights', weights).set('https://upstream.example/config', config);
      return made;
    }

    function open(): { readonly primary: Store; readonly google: Store; readonly copy: Store } {
      const bucket = { prefix: 'prod/', partSize: 8 * mebi };
      const storage = storageWithToken(gcs.url, gcs.token);
      return {
        primary: new S3Store({ url: `s3://${names.s3}/prod`, bucket: names.s3, client, ...bucket }),
        google: new GcsStore({ url: `gs://${names.gcs}/prod`, bucket: names.gcs, storage, ...bucket }),
        copy: new DirectoryStore({ url: 'file:copy', root: join(folder, 'copy') }),
      };
    }

    async function verify(primary: Store, replicas: readonly Store[], quick: boolean) {
      const { signal } = new AbortController();
      const request = { releases: [], quick, clock: systemClock, reporter: silentReporter, signal };
      const checksums = new Map<string, StoredChecksum>();
      const reader = new StoreMirror(primary);
      expect((await verifyMirror({ ...request, reader, checksums })).findings).toEqual([]);
      const verified = [];
      for (const replica of replicas) {
        verified.push(await verifyReplica(reader, { ...request, reader: new StoreMirror(replica) }, checksums));
      }
      return verified;
    }

    const recordOf = async (store: Store, file: string) =>
      Buffer.from((await store.get(`models/1.0.0/${file}`, mebi))?.bytes ?? []);

    it('holds the same everywhere, which stored checksums show without reading, and again costs few requests', async () => {
      const { primary, google, copy } = open();
      const { report } = await fixture.stage(release, primary, { replicas: [google, copy] });
      expect(report.error).toBeUndefined();
      expect(report.stores.map(({ state, reason }) => [state, reason])).toEqual([
        ['published', undefined],
        ['published', undefined],
        ['published', undefined],
      ]);
      for (const file of shared) {
        const expected = await recordOf(primary, file);
        for (const replica of [google, copy]) expect((await recordOf(replica, file)).equals(expected)).toBe(true);
      }
      const [inGoogle, inCopy] = await verify(primary, [google, copy], true);
      expect(inGoogle).toMatchObject({ ok: true, bytesHashed: 0, compared: { equal: 2, unknown: 0 } });
      expect(inCopy).toMatchObject({ ok: true, bytesHashed: 0, compared: { equal: 0, unknown: 2 } });
      for (const result of await verify(primary, [google, copy], false)) expect(result.findings).toEqual([]);
      const again = open();
      const { report: second } = await fixture.stage(release, again.primary, { replicas: [again.google, again.copy] });
      expect(second).toMatchObject({ ok: true, state: 'present' });
      for (const { requests } of second.stores) {
        expect(Object.values(requests).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(16);
        expect(requests.put).toBeUndefined();
      }
    });

    it('declares to GCS, before the first byte, which CRC32C the whole object must have', async () => {
      const { primary, google } = open();
      const declared: (string | undefined)[] = [];
      const listening = new Proxy(google, {
        get(target, property) {
          const value: unknown = Reflect.get(target, property, target);
          if (typeof value !== 'function') return value;
          if (property !== 'beginUpload') return value.bind(target);
          return (key: string, request: UploadRequest) => {
            declared.push(request.crc32c);
            return target.beginUpload(key, request);
          };
        },
      });
      await fixture.stage(release, primary, { replicas: [listening] });
      expect(declared).toEqual([(await primary.head('models/1.0.0/weights.bin'))?.crc32c]);
      expect(declared[0]).toMatch(/^[\w+/]{6}==$/);
    });

    it('continues an upload to GCS that was interrupted, and leaves nothing unfinished', async () => {
      await fixture.close();
      const stop = new AbortController();
      fixture = begun({ signal: stop.signal });
      const first = open();
      let parts = 0;
      const interrupted = watchedStore(first.google, {
        after({ step }) {
          if (step === 'part') parts += 1;
          if (parts === 3) stop.abort(new Interrupted('stopped'));
        },
      });
      const { report, error } = await fixture.stage(release, first.primary, { replicas: [interrupted, first.copy] });
      expect(error).toMatchObject({ exit: 130 });
      expect(report).toMatchObject({ published: true, state: 'degraded' });
      const again = begun({ state: fixture.ports.state });
      const { primary, google, copy } = open();
      const later = watchedStore(google, {});
      const result = await again.stage(release, primary, { replicas: [later, copy] });
      await again.close();
      expect(result.report.stores.map(({ state }) => state)).toEqual(['present', 'published', 'published']);
      expect(later.steps.filter(({ step }) => step === 'begin')).toEqual([]);
      expect(later.steps.filter(({ step }) => step === 'part').length).toBeLessThan(6);
      for (const checked of await verify(primary, [google, copy], false)) expect(checked.ok).toBe(true);
    });

    it('records the versions of objects in S3 that an earlier run had copied, which no listing shows', async () => {
      const { primary, copy } = open();
      const dying = watchedStore(primary, {
        before({ key }) {
          if (key.endsWith('SHA256SUMS')) throw new StoreError('the store went away');
        },
      });
      const { report } = await fixture.stage(release, copy, { replicas: [dying] });
      expect(report.stores[1]).toMatchObject({ state: 'failed', copied: { artifacts: 2 } });
      const { report: later } = await fixture.stage(release, copy, { replicas: [primary] });
      expect(later.stores[1]).toMatchObject({ state: 'published', copied: { artifacts: 0 } });
      const objects = JSON.parse(String(await recordOf(primary, 'objects.json')));
      for (const file of ['weights.bin', 'config.bin']) {
        const { version } = (await primary.head(`models/1.0.0/${file}`)) ?? {};
        expect(version).toBeDefined();
        expect(objects[file].version).toBe(version);
      }
    });

    it('stays published where a replica has no such bucket, which the report says', async () => {
      const { primary, copy } = open();
      const storage = storageWithToken(gcs.url, gcs.token);
      const nowhere = new GcsStore({ url: 'gs://nowhere', bucket: 'nowhere', prefix: '', storage });
      const { report } = await fixture.stage(release, primary, { replicas: [nowhere, copy] });
      expect(report.stores.map(({ state }) => state)).toEqual(['published', 'failed', 'published']);
      expect(report.stores[1]?.reason).toContain('nowhere');
    });
  },
);
