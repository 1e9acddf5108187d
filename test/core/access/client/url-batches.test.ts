import { beforeEach, describe, expect, test } from 'vitest';
import { AccessApi } from '../../../../lib/core/access/client/access-api.ts';
import { BearerToken } from '../../../../lib/core/access/client/bearer-token.ts';
import { urlsOfApi } from '../../../../lib/core/access/client/urls-of-api.ts';
import { mostUrls } from '../../../../lib/core/access/wire.ts';
import { loadRegistry } from '../../../../lib/core/mirror/load-registry.ts';
import { loadRelease } from '../../../../lib/core/mirror/load-release.ts';
import { layOutMirror, temporaryFolder } from '../../../fixtures/mirror.ts';
import { grantAll, type PrivateApi, policyOf, privateApi } from '../../../fixtures/private-api.ts';
import { hurried, pull } from '../../../fixtures/pulling.ts';
import { type SignedStore, signedStore } from '../../../fixtures/signed-store.ts';
import { httpFor, readerFor } from './private-pulling.ts';

// More than one call for URLs takes.
const count = mostUrls + 105;
const names = Array.from({ length: count }, (_, index) => `part-${String(index).padStart(5, '0')}.bin`);

let store: SignedStore;
let api: PrivateApi;

beforeEach(async () => {
  const files = Object.fromEntries(names.map((name) => [name, name]));
  const { root } = await layOutMirror([{ collection: 'weights', version: '1.0.0', files }], { access: 'private' });
  store = await signedStore(root);
  api = await privateApi([store]);
});

describe(`${count} files`, () => {
  test('are pulled with two calls for URLs', async () => {
    const into = await temporaryFolder();
    const report = await pull('weights', into, { reader: readerFor(api, [store]), concurrency: 8 });
    expect(report.ok).toBe(true);
    expect(report.files).toHaveLength(count);
    expect(api.calls('/v1/urls')).toBe(2);
    expect(store.signatures).toHaveLength(count);
  }, 120_000);

  test('of which one is not granted cost some calls more, and only that one is refused', async () => {
    const lost = names[700] as string;
    api.policy = policyOf([api.token], grantAll({ files: names.filter((name) => name !== lost) }));
    const reader = readerFor(api, [store]);
    reader.expect(names.map((name) => `weights/1.0.0/${name}`));
    const refused: string[] = [];
    for (const name of names) {
      const body = await reader.open(`weights/1.0.0/${name}`).catch((error: Error) => error.message);
      if (typeof body === 'string') refused.push(body);
      else await body.discard();
    }
    expect(refused).toEqual([`${lost} of weights@1.0.0 at ${api.url} is not there, or not yours`]);
    // Halved ten times to find it, and doubled again.
    expect(api.calls('/v1/urls')).toBeLessThan(40);
  }, 120_000);

  test('are all signed for somebody else, in their order', async () => {
    const clock = hurried;
    const http = httpFor(api.url);
    const client = new AccessApi(api.url, { http, credentials: new BearerToken('a token', api.token), clock });
    const reader = readerFor(api, [store]);
    const { registry } = await loadRegistry(reader);
    const { release } = await loadRelease(reader, registry, { collection: 'weights', version: undefined });
    const deps = { clock, signal: new AbortController().signal };
    const urls = await urlsOfApi(client, { release, artifacts: undefined, expiresIn: 60 }, deps);
    expect(urls.map(({ file }) => file)).toEqual(names);
    expect(new Set(urls.map(({ url }) => url)).size).toBe(count);
    // One that was cut off at 1,000, and two by name.
    expect(api.calls('/v1/urls')).toBe(3);
    const some = [...release.artifacts].reverse().slice(0, 3);
    const few = await urlsOfApi(client, { release, artifacts: some, expiresIn: 60 }, deps);
    expect(few.map(({ file }) => file)).toEqual(some.map(({ file }) => file));
  }, 120_000);
});
