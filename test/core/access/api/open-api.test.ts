import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { apiRoutes } from '../../../../lib/core/access/api/access-route.ts';
import { openApiDocument } from '../../../../lib/core/access/api/open-api-document.ts';
import { urlsRequestSchema } from '../../../../lib/core/access/wire.ts';
import { PolicyUnavailable } from '../../../../lib/core/errors.ts';
import { type AccessFixture, type AskOptions, accessFixture, bearer, laidOut, seen } from './access-fixture.ts';

interface Content {
  readonly schema: { readonly $ref?: string; readonly type?: string };
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, Content>>; readonly headers?: object }>
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const document = openApiDocument() as unknown as Document;
const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  formats: { 'date-time': (text: string) => !Number.isNaN(Date.parse(text)), uri: true },
});
ajv.addSchema(document, 'api');

const { root, clean } = await laidOut();
afterAll(clean);
let api: AccessFixture;

beforeEach(async () => {
  api = await accessFixture({ root });
});

function validate(name: string, value: unknown): string {
  const check = ajv.getSchema(`api#/components/schemas/${name}`);
  if (check === undefined) throw new Error(`there is no schema ${name}`);
  return check(value) === true ? '' : ajv.errorsText(check.errors);
}

const release = '/{collection}/{version}';
const file = `${release}/{file}`;
const json = { ...bearer, 'content-type': 'application/json' };
const urls = (body: string, more: AskOptions = {}) => ({ method: 'POST', headers: json, body, ...more });
const good = '{"collection":"weights","version":"latest"}';

/** Path of the document, target, how it is asked, status. */
const samples: readonly [string, string, AskOptions, number][] = [
  ['/healthz', '/healthz', {}, 200],
  ['/openapi.json', '/openapi.json', {}, 200],
  ['/registry', '/registry', {}, 200],
  ['/registry', '/registry', { headers: { ...bearer, 'if-none-match': '*' } }, 304],
  ['/registry', '/registry?page=1', {}, 400],
  ['/registry', '/registry', { headers: {} }, 401],
  [`${release}/release.json`, '/weights/1.0.0/release.json', {}, 200],
  [`${release}/release.json`, '/secret/1.0.0/release.json', {}, 404],
  [`${release}/SHA256SUMS`, '/weights/latest/SHA256SUMS', {}, 200],
  [`${release}/RELEASE.md`, '/weights/1.0.0/RELEASE.md', {}, 200],
  [file, '/weights/1.0.0/config.json', {}, 302],
  [file, '/weights/1.0.0/config.json?redirect=0&expiresIn=60', {}, 200],
  [file, '/weights/1.0.0/config.json?store=gcs', {}, 400],
  [file, '/weights/1.0.0/config.json', { headers: {} }, 401],
  [file, '/weights/1.0.0/nothing.json', {}, 404],
  ['/urls', '/urls', urls(good), 200],
  ['/urls', '/urls', urls('[]'), 400],
  ['/urls', '/urls', urls(good, { headers: {} }), 401],
  ['/urls', '/urls', urls('{"collection":"secret","version":"1.0.0"}'), 404],
  ['/urls', '/urls', urls(' '.repeat(300_000)), 413],
  ['/urls', '/urls', urls(good, { headers: bearer }), 415],
];

describe('the OpenAPI document', () => {
  test('is the one that is checked in and served', async () => {
    const text = await readFile(new URL('../../../../schema/openapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(text)).toEqual(openApiDocument());
    const served = await api.get('/v1/openapi.json', { headers: {} });
    expect(await served.json()).toEqual(openApiDocument());
    expect(api.audit).toEqual([]);
  });

  test('has every route with its methods, and no other', async () => {
    const documented = Object.entries(document.paths).map(([path, operations]) => [path, Object.keys(operations)]);
    expect(documented).toEqual(apiRoutes.map(({ path, methods }) => [path, methods.map((one) => one.toLowerCase())]));
    for (const [path, operations] of Object.entries(document.paths)) {
      const target = `/v1${path.replace('{collection}', 'c').replace('{version}', '1.0.0').replace('{file}', 'f')}`;
      const { headers } = await api.get(target, { method: 'BREW' });
      const allowed = Object.keys(operations).map((one) => one.toUpperCase());
      expect([target, headers.get('allow')]).toEqual([target, allowed.join(', ')]);
    }
  });

  test('names what it refers to, and each operation once', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    expect(references.length).toBeGreaterThan(10);
    for (const reference of new Set(references)) {
      expect(Object.keys(document.components.schemas)).toContain(reference?.replace('#/components/schemas/', ''));
    }
    const operations = Object.entries(document.paths).flatMap(([path, each]) =>
      Object.values(each).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual(named);
    }
  });

  test.each(samples)('describes what is answered: %s as %s, %o: %i', async (path, target, options, status) => {
    for (const method of options.method === 'POST' ? ['POST'] : ['GET', 'HEAD']) {
      const answer = await seen(await api.get(`/v1${target}`, { ...options, method }));
      if (method !== 'HEAD') expect(answer.status).toBe(status);
      const described = document.paths[path]?.[method.toLowerCase()]?.responses[answer.status];
      expect(described).toBeDefined();
      for (const header of Object.keys(described?.headers ?? {})) {
        expect(Object.keys(answer.headers)).toContain(header.toLowerCase());
      }
      if (answer.body === '') continue;
      const type = answer.headers['content-type']?.split(';')[0] ?? '';
      const schema = described?.content?.[type]?.schema;
      expect(schema).toBeDefined();
      const name = schema?.$ref?.replace('#/components/schemas/', '');
      if (name !== undefined) expect(validate(name, JSON.parse(answer.body))).toBe('');
      else expect(schema?.type).toBe(type === 'application/json' ? 'object' : 'string');
    }
  });

  test('describes what is answered while the policy is not known', async () => {
    api.policyFault = new PolicyUnavailable('it cannot be read');
    const health = await api.get('/v1/healthz');
    expect([health.status, validate('Health', await health.json())]).toEqual([503, '']);
    const registry = await api.get('/v1/registry');
    expect([registry.status, validate('ApiError', await registry.json())]).toEqual([503, '']);
  });

  test.each([
    { collection: 'weights', version: '1.0.0' },
    { collection: 'weights', version: 'latest', files: ['a.bin'], expiresIn: 60, store: 'gcs' },
    { collection: 'weights' },
    { collection: 'weights', version: '1.0.0', all: true },
    { collection: 'weights', version: '1.0.0', files: [] },
    { collection: 'weights', version: '1.0.0', expiresIn: 0 },
    { collection: 'weights', version: '1.0.0', expiresIn: 1.5 },
    { collection: 'weights', version: '1.0.0', store: 'directory' },
    { collection: '', version: '1.0.0' },
  ])('takes the requests that are taken: %j', (request) => {
    expect(validate('UrlsRequest', request) === '').toBe(urlsRequestSchema.safeParse(request).success);
  });

  test('refuses answers that are none', () => {
    expect(validate('UrlsAnswer', { collection: 'weights' })).toContain('must have required property');
    expect(validate('ApiError', { error: { code: 'Other', message: '' } })).toContain('allowed values');
  });
});
