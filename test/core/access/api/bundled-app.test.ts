import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../../lib/core/access/api/open-api-document.ts';
import { temporaryFolder } from '../../../fixtures/mirror.ts';

test('the access API goes into one file, without a server and with its document inside', async () => {
  const outfile = join(await temporaryFolder(), 'access-app.mjs');
  const { metafile } = await build({
    entryPoints: ['lib/core/access/api/access-app.ts'],
    ...({ outfile, bundle: true, format: 'esm', platform: 'node', target: 'node24' } as const),
    metafile: true,
  });
  const packages = new Set(
    Object.keys(metafile.inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]),
  );
  expect(packages).not.toContain('@hono/node-server');
  expect([...packages].filter((name) => name?.startsWith('@aws-sdk') || name === 'yaml')).toEqual([]);
  const { accessApp } = (await import(
    pathToFileURL(outfile).href
  )) as typeof import('../../../../lib/core/access/api/access-app.ts');
  const app = accessApp({
    policies: { current: async () => undefined },
    authenticator: { authenticate: () => Promise.reject(new Error('nobody is asked')) },
    stores: [],
    audit: { record: () => undefined },
    clock: { now: () => new Date(), sleep: async () => undefined },
    newRequestId: () => '',
  });
  const served = await app.fetch(new Request('https://api.example/iam/v1/openapi.json'));
  expect(await served.json()).toEqual(openApiDocument());
});
