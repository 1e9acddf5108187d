import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { NotAuthorised } from '../../../../lib/core/errors.ts';
import { StoreError } from '../../../../lib/core/stores/store.ts';
import { layOutMirror } from '../../../fixtures/mirror.ts';
import { readerOf } from '../../../fixtures/open-store-mirror.ts';
import {
  type AccessFixture,
  accessFixture,
  grant,
  jsonOf,
  policyWith,
  seen,
  usualReleases,
  WritingSigner,
  watched,
} from './access-fixture.ts';

const file = '/v1/weights/1.0.0/sub/a%20b.bin';
let api: AccessFixture;

beforeEach(async () => {
  api = await accessFixture();
});

async function edit(key: string, change: (record: never) => unknown): Promise<void> {
  const path = join(api.root, key);
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')) as never)));
}

describe('the records of a store', () => {
  test('are read once for all files and callers', async () => {
    const first = await Promise.all(Array.from({ length: 50 }, () => api.get(file)));
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set([302]));
    const opened = api.requests.filter((request) => request.startsWith('open'));
    expect(opened).toEqual(
      ['registry.json', 'weights/1.0.0/release.json', 'weights/1.0.0/objects.json'].map((key) => `open ${key}`),
    );
    api.requests.length = 0;
    await api.get('/v1/weights/1.0.0/config.json');
    await api.get(file, { method: 'HEAD' });
    await api.urls({ collection: 'weights', version: '1.0.0' });
    await api.get('/v1/weights/1.0.0/SHA256SUMS');
    expect(api.requests).toEqual([]);
    for (let time = 0; time < 3; time += 1) await api.get('/v1/weights/1.0.0/RELEASE.md');
    expect(api.requests).toEqual(['open weights/1.0.0/RELEASE.md']);
  });

  test('are looked at again after half a minute, and read again only where they changed', async () => {
    await api.get(file);
    api.requests.length = 0;
    api.clock.pass(31);
    await api.get(file);
    expect(api.requests).toEqual(['head registry.json']);
    api.clock.pass(30);
    await api.get(file);
    expect(api.requests).toEqual(['head registry.json', 'open weights/1.0.0/objects.json']);
  });

  test('name the version of an object that was put back within a minute', async () => {
    await api.get(file);
    await edit('weights/1.0.0/objects.json', (objects: object) => ({
      ...objects,
      'sub/a b.bin': { version: 'v2', etag: 'e2' },
    }));
    api.clock.pass(61);
    await api.get(file);
    expect(api.signer.signed.at(-1)).toMatchObject({ version: 'v2', etag: 'e2' });
  });

  test('of a release that was just published are found within seconds', async () => {
    expect((await api.get('/v1/weights/3.0.0/new.bin')).status).toBe(404);
    const more = { collection: 'weights', version: '3.0.0', files: { 'new.bin': 'new' } };
    await layOutMirror([...usualReleases, more], { access: 'private', root: api.root });
    expect((await api.get('/v1/weights/3.0.0/new.bin')).status).toBe(404);
    api.clock.pass(4);
    expect((await api.get('/v1/weights/3.0.0/new.bin')).status).toBe(302);
    expect((await api.get('/v1/weights/latest/new.bin')).status).toBe(302);
  });

  test('that do not follow from the registry give nothing out', async () => {
    await edit('weights/1.0.0/release.json', (release: { artifacts: { size: number }[] }) => {
      for (const artifact of release.artifacts) artifact.size += 1;
      return release;
    });
    expect(await seen(await api.get(file))).toMatchObject({ status: 503 });
    expect(await seen(await api.get('/v1/weights/1.0.0/release.json'))).toMatchObject({ status: 503 });
    expect(api.audit.map(({ outcome, reason }) => [outcome, reason.split(':')[0]])).toEqual(
      Array(2).fill(['failed', 'MirrorDamaged']),
    );
    expect(api.signer.prepared).toEqual([]);
  });

  test('that name no version of a file give nothing out until they do', async () => {
    const before = await readFile(join(api.root, 'weights/1.0.0/objects.json'));
    await writeFile(join(api.root, 'weights/1.0.0/objects.json'), '{}');
    expect((await api.get(file)).status).toBe(503);
    await rm(join(api.root, 'weights/1.0.0/objects.json'));
    api.clock.pass(4);
    expect((await api.get(file)).status).toBe(503);
    await writeFile(join(api.root, 'weights/1.0.0/objects.json'), before);
    api.clock.pass(4);
    expect((await api.get(file)).status).toBe(302);
  });

  test('that cannot be read now are read as soon as they can', async () => {
    api.storeFault = new StoreError('the store is slow', { retryable: true });
    expect((await api.get(file)).status).toBe(503);
    expect(api.audit).toMatchObject([
      { outcome: 'failed', reason: 'StoreError: the store is slow', who: 'token farm' },
    ]);
    api.storeFault = undefined;
    expect((await api.get(file)).status).toBe(302);
  });
});

describe('a second store', () => {
  let other: { readonly requests: string[]; signer: WritingSigner };

  async function withSecond(kind: 'gcs' | 's3' = 'gcs', releases = usualReleases) {
    const { root } = await layOutMirror(releases, { access: 'private' });
    const objects = { 'sub/a b.bin': { version: '1700', etag: 'e' }, 'config.json': { version: '1701', etag: 'f' } };
    await writeFile(join(root, 'weights/1.0.0/objects.json'), JSON.stringify(objects)).catch(() => undefined);
    api = await accessFixture({
      kind: 's3',
      more: ({ clock }) => {
        other = { requests: [], signer: new WritingSigner(clock) };
        return [{ kind, reader: watched(readerOf(root), other.requests), signer: other.signer }];
      },
    });
  }

  test('is used where it is named, with the versions of its own record', async () => {
    await withSecond();
    expect((await api.get(`${file}?store=gcs`)).headers.get('location')).toContain('version=1700');
    const many = await jsonOf(await api.urls({ collection: 'weights', version: '1.0.0', store: 'gcs' }));
    expect(many).toMatchObject({ store: 'gcs', urls: [{ file: 'config.json' }, { file: 'sub/a b.bin' }] });
    expect(api.requests).toEqual([]);
    expect((await jsonOf(await api.urls({ collection: 'weights', version: '1.0.0', store: 's3' }))).store).toBe('s3');
  });

  test.each([['its records'], ['its signer']])('is used where the first fails for now: %s', async (what) => {
    await withSecond();
    const fault = new StoreError('it is throttled', { retryable: true });
    if (what === 'its signer') api.signer.fault = fault;
    else api.storeFault = fault;
    for (const target of [file, '/v1/weights/1.0.0/sub/a%20b.bin?redirect=0']) {
      expect((await api.get(target)).status).toBeLessThan(303);
    }
    expect(other.signer.signed.map(({ version }) => version)).toEqual(['1700', '1700']);
    expect((await api.get(`${file}?store=s3`)).status).toBe(503);
    expect((await api.get('/v1/registry')).status).toBe(200);
  });

  test('is not asked where the first refuses for good, lacks the file, or the policy says no', async () => {
    await withSecond();
    expect((await api.get('/v1/weights/1.0.0/nothing.bin')).status).toBe(404);
    api.policy = policyWith(grant({ files: ['config.json'] }));
    expect((await api.get(file)).status).toBe(404);
    expect((await api.get(`${file}?store=gcs`)).status).toBe(404);
    api.signer.fault = new NotAuthorised('the role may not be assumed');
    expect((await api.get('/v1/weights/1.0.0/config.json')).status).toBe(503);
    expect(other.requests).toEqual([]);
  });

  test('that lacks what the first may have does not make it missing', async () => {
    await withSecond('gcs', [{ collection: 'other', version: '1.0.0', files: { 'a.bin': 'a' } }]);
    api.storeFault = new StoreError('it is throttled', { retryable: true });
    expect((await api.get(file)).status).toBe(503);
    expect(api.audit).toMatchObject([{ outcome: 'failed', reason: 'StoreError: it is throttled' }]);
  });
});
