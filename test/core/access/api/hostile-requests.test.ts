import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { auditLine } from '../../../../lib/core/access/api/audit-line.ts';
import { longestBody } from '../../../../lib/core/access/wire.ts';
import {
  type AccessFixture,
  accessFixture,
  bearer,
  grant,
  laidOut,
  policyWith,
  seen,
  strangersToken,
} from './access-fixture.ts';

let api: AccessFixture;
let refused: Awaited<ReturnType<typeof seen>>;
const json = { ...bearer, 'content-type': 'application/json' };

const { root, clean } = await laidOut();
afterAll(clean);

beforeEach(async () => {
  api = await accessFixture({ root, policy: policyWith(grant({ versions: '<2', files: ['sub/**', '*.bin'] })) });
  refused = await seen(await api.get('/v1/nothing/1.0.0/model.bin'));
  api.audit.length = 0;
});

describe('what is unknown and what is forbidden', () => {
  test.each([
    ['another collection', '/v1/secret/1.0.0/model.bin'],
    ['a file of no collection', '/v1/nothing/1.0.0/model.bin'],
    ['another version', '/v1/weights/2.0.0/sub/a%20b.bin'],
    ['a version that is not there', '/v1/weights/3.0.0/sub/a%20b.bin'],
    ['another file', '/v1/weights/1.0.0/config.json'],
    ['a file that is not there', '/v1/weights/1.0.0/nothing.json'],
    ['the latest of another collection', '/v1/secret/latest/model.bin'],
    ['the latest of no collection', '/v1/nothing/latest/model.bin'],
    ['the record of another collection', '/v1/secret/1.0.0/release.json'],
    ['the record of no collection', '/v1/nothing/1.0.0/release.json'],
    ['the sums of another version', '/v1/weights/2.0.0/SHA256SUMS'],
    ['notes of no version', '/v1/weights/9.0.0/RELEASE.md'],
    ['no name at all', '/v1/weights'],
  ])('are answered alike, before any store is asked: %s', async (_, target) => {
    expect(await seen(await api.get(target))).toEqual(refused);
    expect(await seen(await api.get(target, { method: 'HEAD' }))).toEqual({ ...refused, body: '' });
    expect(api.requests).toEqual([]);
    expect(api.audit.map(({ outcome }) => outcome)).toEqual(['denied', 'denied']);
  });

  test.each([
    { collection: 'secret', version: '1.0.0' },
    { collection: 'nothing', version: '1.0.0' },
    { collection: 'nothing', version: 'latest' },
    { collection: 'weights', version: '1.0.0', files: ['sub/a b.bin', 'config.json'] },
    { collection: 'weights', version: '1.0.0', files: ['sub/a b.bin', 'nothing.json'] },
    { collection: 'weights', version: '1.0.0', files: ['sub/a b.bin', '../1.1.0/sub/a b.bin'] },
    { collection: '../weights', version: '1.0.0' },
    { collection: 'weights', version: '1.0.0', files: ['release.json'] },
    { collection: 'weights', version: '1.0.0', files: ['sub/\u0000.bin'] },
    { collection: 'weights', version: '1.0.0', files: ['sub/\ud800.bin'] },
  ])('are answered alike among many: %j', async (body) => {
    expect(await seen(await api.urls(body))).toEqual(refused);
    expect(api.requests).toEqual([]);
    expect(api.signer.prepared).toEqual([]);
    expect(api.audit).toMatchObject([{ action: 'urls', outcome: 'denied' }]);
  });

  test('are answered alike in the latest version too, of which the registry is all that was asked for', async () => {
    for (const target of ['/v1/weights/latest/config.json', '/v1/weights/latest/nothing.json'])
      expect(await seen(await api.get(target))).toEqual(refused);
    const many = { collection: 'weights', version: 'latest', files: ['sub/a b.bin', 'config.json'] };
    expect(await seen(await api.urls(many))).toEqual(refused);
    expect(api.requests).toEqual(['head registry.json', 'open registry.json']);
    expect(api.audit.map(({ outcome, version }) => [outcome, version])).toEqual(Array(3).fill(['denied', '1.1.0']));
  });

  test('and what is granted and not there are answered alike', async () => {
    for (const target of ['/v1/weights/1.0.0/other.bin', '/v1/weights/0.9.0/release.json', '/v1/weights/0.9.0/a.bin'])
      expect(await seen(await api.get(target))).toEqual(refused);
    const many = { collection: 'weights', version: '1.0.0', files: ['sub/a b.bin', 'other.bin'] };
    expect(await seen(await api.urls(many))).toEqual(refused);
    expect(api.audit.map(({ outcome, rule }) => [outcome, rule])).toEqual(Array(4).fill(['missing', 'weights']));
  });

  test('are all that a caller without any grant meets, the registry among it', async () => {
    const headers = { authorization: `Bearer ${strangersToken}` };
    for (const target of ['/v1/registry', '/v1/weights/1.0.0/release.json', '/v1/weights/latest/sub/a%20b.bin'])
      expect(await seen(await api.get(target, { headers }))).toEqual(refused);
    expect(api.requests).toEqual([]);
  });
});

describe('a caller without a good credential', () => {
  const bad = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: `Bearer weighbridge_${'A'.repeat(43)}` },
    { authorization: `bearer ${strangersToken}x` },
    { authorization: 'Basic Og==' },
    { authorization: 'AWS4-HMAC-SHA256 Credential=AKID/20260504/eu-west-1/execute-api/aws4_request' },
    { authorization: `Bearer ${'e'.repeat(30_000)}` },
  ];

  test('is answered alike, whatever it shows and whatever it asks for', async () => {
    const answers = [];
    for (const headers of bad) {
      for (const target of ['/v1/registry', '/v1/weights/1.0.0/sub/a%20b.bin', '/v1/x/%2e%2e/y', '/v1/none']) {
        answers.push(await seen(await api.get(target, { headers })));
      }
      const options = { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: '{' };
      answers.push(await seen(await api.get('/v1/urls', options)));
    }
    const [first] = answers;
    expect(first?.status).toBe(401);
    expect(first?.headers['www-authenticate']).toBe('Basic realm="weighbridge", Bearer realm="weighbridge"');
    for (const answer of answers) expect(answer).toEqual(first);
    expect(api.requests).toEqual([]);
    expect(new Set(api.audit.map(({ outcome, who }) => `${outcome} ${who}`))).toEqual(
      new Set(['unauthenticated null']),
    );
  });
});

describe('a path', () => {
  test.each([
    '/v1/weights/1.0.0/sub/../config.json',
    '/v1/weights/1.0.0/sub/%2e%2e/sub/a%20b.bin',
    '/v1/weights/1.0.0/./sub/a%20b.bin',
    '/v1/weights/1.0.0/%2E/sub/a%20b.bin',
    '/v1/weights/1.0.0/sub//a%20b.bin',
    '/v1/weights/1.0.0//sub/a%20b.bin',
    '/v1//weights/1.0.0/sub/a%20b.bin',
    '/v1/weights/1.0.0/sub/a%20b.bin/',
    '/v1/weights/1.0.0/sub%2Fa%20b.bin',
    '/v1/weights/1.0.0/sub%5Ca%20b.bin',
    '/v1/weights/1.0.0/sub/a%2520b.bin',
    '/v1/weights/1.0.0/sub/a+b.bin',
    '/v1/weights/1.0.0/sub/a%20b.bin%00',
    '/v1/weights/1.0.0/sub/a%20b.bin%0d%0aset-cookie:%20a=b',
    '/v1/weights/1.0.0/SUB/A%20B.BIN',
    '/v1/weights/1.0.0/sub/a%20b%2ebin%20',
    '/v1/weights/1.0.0/sub/a%20b.bin%',
    '/v1/weights/1.0.0/sub/a%20b.bin%ff',
    '/v1/weights/1.0.0/sub/a%c0%a0b.bin',
    '/v1/weights/1.0.0/%E2%80%AEsub/a%20b.bin',
    '/v1/weights/1.0.0/objects.json',
    '/v1/weights/1.0.0/.weighbridge/lock.bin',
    '/v1/weights/LATEST/sub/a%20b.bin',
    '/v1/weights/1.0.0%2F..%2F1.1.0/sub/a%20b.bin',
    '/v1/__proto__/1.0.0/a.bin',
    '/v1/constructor/1.0.0/a.bin',
    '/v1/weights/__proto__/a.bin',
    '/v1/weights/1.0.0/__proto__',
    '/v1/weights/1.1.0/u%CC%88ni%CC%88.bin',
    `/v1/weights/1.0.0/${'a/'.repeat(8)}a.bin`,
    '/V1/weights/1.0.0/sub/a%20b.bin',
    '/v1/iam/v1/weights/1.0.0/sub/a%20b.bin',
    '/../v1/weights/1.0.0/sub/a%20b.bin',
    '//v1/weights/1.0.0/sub/a%20b.bin',
  ])('names a file only as its record does, not as %s', async (target) => {
    expect(await seen(await api.get(target))).toEqual(refused);
    expect(api.signer.prepared).toEqual([]);
  });

  test('may be as long as it likes', async () => {
    for (const target of [`/v1/weights/1.0.0/${'x'.repeat(8000)}.bin`, `/v1/${'x'.repeat(8000)}/1.0.0/a.bin`])
      expect(await seen(await api.get(target))).toEqual(refused);
    expect(api.audit.map(({ collection, file }) => [collection, file])).toEqual(Array(2).fill([null, null]));
  });

  test('may spell every character with an escape, once', async () => {
    for (const target of ['/v1/%77eights/1%2E0.0/%73ub/a%20b.bin', '/v1/weights/1.1.0/%C3%BCn%C3%AF.bin?redirect=0'])
      expect((await api.get(target)).status).toBeLessThan(303);
  });
});

describe('a query', () => {
  test.each([
    'redirect=2',
    'redirect=',
    'redirect=0&redirect=0',
    'expiresIn=0',
    'expiresIn=-1',
    'expiresIn=1e3',
    'expiresIn=604801',
    'expiresIn=60&expiresIn=900',
    'expiresIn=60%0d%0alocation:x',
    'store=directory',
    'store=s3',
    'versionId=1',
    '__proto__=1',
    'Redirect=0',
  ])('that is not understood is refused, whoever may see the file: %s', async (query) => {
    const answers = [];
    for (const target of ['weights/1.0.0/sub/a%20b.bin', 'secret/1.0.0/model.bin'])
      answers.push(await seen(await api.get(`/v1/${target}?${query}`)));
    expect(answers[0]).toMatchObject({ status: 400 });
    expect(answers[1]).toEqual(answers[0]);
    expect(api.requests).toEqual([]);
  });

  test.each(['/v1/registry?a', '/v1/weights/1.0.0/release.json?redirect=0'])(
    'is refused where there is none: %s',
    async (target) => {
      expect((await api.get(target)).status).toBe(400);
    },
  );

  test('may hold the signature of AWS, which the gateway has checked', async () => {
    const query = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0&redirect=0';
    expect((await api.get(`/v1/weights/1.0.0/sub/a%20b.bin?${query}`)).status).toBe(200);
  });
});

describe('a method', () => {
  test.each([
    ['POST', '/v1/registry', 'GET, HEAD'],
    ['PUT', '/v1/weights/1.0.0/sub/a%20b.bin', 'GET, HEAD'],
    ['DELETE', '/v1/secret/1.0.0/model.bin', 'GET, HEAD'],
    ['DELETE', '/v1/nothing', 'GET, HEAD'],
    ['OPTIONS', '/v1/weights/1.0.0/release.json', 'GET, HEAD'],
    ['PROPFIND', '/v1/healthz', 'GET, HEAD'],
    ['GET', '/v1/urls', 'POST'],
    ['HEAD', '/v1/urls', 'POST'],
    ['PATCH', '/v1/urls', 'POST'],
  ])('that a route does not take is refused with those that it does: %s %s', async (method, target, allow) => {
    const { status, headers } = await seen(await api.get(target, { method }));
    expect([status, headers.allow]).toEqual([405, allow]);
  });
});

describe('a body', () => {
  const good = '{"collection":"weights","version":"1.0.0"}';

  test.each([
    ['text/plain', 415],
    ['application/json; charset=utf-16', 415],
    ['application/json, text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json;charset=UTF-8', 200],
    ['APPLICATION/JSON', 200],
  ])('of the type %s is answered %i', async (type, status) => {
    expect((await api.urls(undefined, { body: good, headers: { ...bearer, 'content-type': type } })).status).toBe(
      status,
    );
  });

  test('with a content coding, or without a type, is not taken', async () => {
    const coded = { ...json, 'content-encoding': 'gzip' };
    expect((await api.urls(undefined, { body: good, headers: coded })).status).toBe(415);
    expect((await api.urls(undefined, { body: Buffer.from(good), headers: bearer })).status).toBe(415);
  });

  test.each([
    ['', 'empty'],
    ['{', 'cut'],
    ['null', 'nothing'],
    ['[]', 'a list'],
    [`\ufeff${good}`, 'marked'],
    [`${good}${good}`, 'two'],
    ['{"collection":"weights","version":"1.0.0","collection":"weights"}', 'a field twice'],
    [
      '{"collection":"weights","version":"1.0.0","\\u0066iles":["config.json"],"files":["a.bin"]}',
      'a field twice, escaped',
    ],
    ['{"collection":"weights","version":"1.0.0","all":true}', 'an unknown field'],
    ['{"collection":"weights","version":"1.0.0","__proto__":{"files":["a"]}}', 'a prototype'],
    ['{"collection":"weights","version":"1.0.0","files":[]}', 'no files'],
    ['{"collection":"weights","version":"1.0.0","files":["a.bin","a.bin"]}', 'a file twice'],
    ['{"collection":"weights","version":"1.0.0","files":"a.bin"}', 'no list'],
    ['{"collection":"weights","version":"1.0.0","files":[["a.bin"]]}', 'lists in lists'],
    ['{"collection":"weights","version":1}', 'a number'],
    ['{"collection":"weights","version":"1.0.0","expiresIn":1.5}', 'half a second'],
    ['{"collection":"weights","version":"1.0.0","expiresIn":1e999}', 'for ever'],
    ['{"collection":"weights","version":"1.0.0","store":"gcs"}', 'a store that is not there'],
    [`{"collection":${'['.repeat(100_000)}`, 'deep'],
    [
      `{"collection":"weights","version":"1.0.0","files":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      'deep and whole',
    ],
    [`{"a":${'{"a":'.repeat(40_000)}1${'}'.repeat(40_001)}`, 'deep objects'],
  ])('that is no such request is refused: %#', async (body) => {
    const { status, body: text } = await seen(await api.urls(undefined, { body }));
    expect([status, JSON.parse(text).error.code]).toEqual([400, 'BadRequest']);
    expect(api.requests).toEqual([]);
  });

  test('that is not UTF-8 is refused', async () => {
    const body = Buffer.concat([
      Buffer.from('{"collection":"weights","version":"1.0.0","files":["'),
      Buffer.from([0xff]),
      Buffer.from('"]}'),
    ]);
    expect((await api.urls(undefined, { body })).status).toBe(400);
  });

  test('is read to its limit and no further, whatever length was declared', async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
      },
    });
    expect((await api.urls(undefined, { body, headers: { ...json, 'content-length': '10' } })).status).toBe(413);
    expect(sent).toBeLessThan(longestBody + 5 * 16_384);
    const exact = `${good}${' '.repeat(longestBody - good.length)}`;
    expect((await api.urls(undefined, { body: exact })).status).toBe(200);
    expect((await api.urls(undefined, { body: `${exact} ` })).status).toBe(413);
  });
});

describe('nothing that was sent', () => {
  test('comes back in an answer or reaches the audit as more than a name', async () => {
    const marker = 'weigh-marker';
    const hostile = [
      `/v1/weights/1.0.0/${marker}%0a%1b[31m.bin`,
      `/v1/${marker}/1.0.0/a.bin?x=${marker}`,
      `/v1/weights/1.0.0/sub/a%20b.bin?expiresIn=${marker}`,
      `/v1/${marker}`,
    ];
    for (const target of hostile) {
      const answer = await seen(await api.get(target, { headers: { ...bearer, origin: `https://${marker}` } }));
      expect(JSON.stringify(answer)).not.toContain(marker);
    }
    await api.get('/v1/weights/1.0.0/sub/a%20b.bin');
    await api.urls({ collection: 'weights', version: '1.0.0' });
    const lines = api.audit.map(auditLine);
    for (const line of lines) {
      expect(line).toMatch(/^\{[\x20-\x7e]+\}$/);
      expect(line).not.toMatch(/weighbridge_|store\.example|signature/);
      expect(JSON.parse(line)).toMatchObject({ type: 'access', who: 'token farm' });
    }
    expect(lines.join()).not.toContain(marker);
  });
});
