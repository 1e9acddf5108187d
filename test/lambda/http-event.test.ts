import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { httpAnswer, httpEventSchema, httpRequest, targetOf } from '../../lambda/runtime/http-event.ts';

function event(rawPath: string, more: object = {}) {
  return httpEventSchema.parse({
    version: '2.0',
    routeKey: 'ANY /v1/{proxy+}',
    rawPath,
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: { requestId: 'id=', http: { method: 'GET', path: rawPath }, stage: '$default' },
    ...more,
  });
}

describe('a request as the gateway hands it over', () => {
  it('is asked for by the path that was sent, although the gateway has undone its escapes', () => {
    // Left what a client sent, right what the gateway makes of it.
    for (const [sent, raw] of [
      ['/v1/a/1.0.0/model.bin', '/v1/a/1.0.0/model.bin'],
      ['/v1/a/1.0.0/sub/a%20b.bin', '/v1/a/1.0.0/sub/a b.bin'],
      ['/v1/a/1.0.0/%C3%BCn%C3%AF.bin', '/v1/a/1.0.0/ünï.bin'],
      ['/v1/a/1.0.0/100%25.bin', '/v1/a/1.0.0/100%25.bin'],
      ['/v1/a/1.0.0/a%252Fb', '/v1/a/1.0.0/a%252Fb'],
      ['/v1/a/1.0.0/a%23b', '/v1/a/1.0.0/a#b'],
      ['/v1/a/1.0.0/a%5Cb', '/v1/a/1.0.0/a\\b'],
      ['/v1/a/1.0.0/a%0Ab', '/v1/a/1.0.0/a\nb'],
      ['/v1/a/1.0.0/../../b', '/v1/a/1.0.0/../../b'],
      ["/v1/a/1.0.0/(a)+b,c;d=e:f@g!h$i&j'k*l~m", "/v1/a/1.0.0/(a)+b,c;d=e:f@g!h$i&j'k*l~m"],
      ['//example.org/v1/registry', '//example.org/v1/registry'],
    ] as const) {
      expect(targetOf(event(raw)), raw).toBe(sent);
    }
  });

  it('is one for every path, also with half a character or a bare percent sign in it', () => {
    for (const path of ['/v1/%', '/v1/%zz', '/v1/\ud800', '/v1/\u0000', `/v1/${'a'.repeat(8000)}`, '/', '/v1/a b?c']) {
      const { pathname, search, hash, host } = new URL(httpRequest(event(path)).url);
      expect(() => decodeURIComponent(pathname)).not.toThrow();
      expect({ search, hash, host }).toEqual({ search: '', hash: '', host: 'access.invalid' });
    }
  });

  it('keeps query and body as they were', async () => {
    const rawQueryString = 'redirect=0&x=%2F&x=a+b';
    expect(targetOf(event('/v1/registry', { rawQueryString }))).toBe(`/v1/registry?${rawQueryString}`);
    const http = { requestId: 'x', http: { method: 'POST' } };
    const bytes = Buffer.from([0, 1, 255, 0x7b]);
    const binary = { isBase64Encoded: true, body: bytes.toString('base64'), requestContext: http };
    expect(Buffer.from(await httpRequest(event('/v1/urls', binary)).arrayBuffer())).toEqual(bytes);
    const text = { isBase64Encoded: false, body: '{"é":1}', requestContext: http };
    expect(await httpRequest(event('/v1/urls', text)).text()).toBe('{"é":1}');
  });

  it('is one for every method: what none may have becomes one that nothing is asked by', () => {
    for (const method of ['TRACE', 'trace', 'CONNECT', 'TRACK', 'b ad', 'a\r\nb', '', 'é']) {
      const requestContext = { requestId: 'x', http: { method } };
      expect(httpRequest(event('/v1/registry', { requestContext })).method, method).toBe('DELETE');
    }
  });

  it('leaves out headers that none can be, and takes the others', () => {
    const headers = { authorization: 'Bearer x', 'x-bad': 'a\r\nb: c', 'b ad': 'x', 'x-é': 'y', accept: '*/*' };
    expect(Object.fromEntries(httpRequest(event('/v1/registry', { headers })).headers)).toEqual({
      authorization: 'Bearer x',
      accept: '*/*',
    });
  });

  it('says who signed it only where the authoriser of IAM did', () => {
    const context = { requestId: 'x', http: { method: 'GET' } };
    const iam = { accountId: '111122223333', userArn: 'arn', accessKey: 'AKIA', callerId: 'A' };
    expect(event('/', { requestContext: { ...context, authorizer: { iam } } }).requestContext.authorizer?.iam).toEqual({
      accountId: '111122223333',
      userArn: 'arn',
    });
    const jwt = { jwt: { claims: { userArn: 'arn', accountId: '1' } } };
    expect(
      event('/', { requestContext: { ...context, authorizer: jwt } }).requestContext.authorizer?.iam,
    ).toBeUndefined();
    expect(httpEventSchema.safeParse({ Records: [] }).success).toBe(false);
  });

  it('is answered with status, headers and text', async () => {
    const response = new Response('{"a":1}', { status: 404, headers: { 'content-type': 'application/json' } });
    expect(await httpAnswer(response)).toEqual({
      statusCode: 404,
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
      isBase64Encoded: false,
    });
    expect(
      await httpAnswer(new Response(null, { status: 302, headers: { location: 'https://a/?b=c' } })),
    ).toMatchObject({
      statusCode: 302,
      headers: { location: 'https://a/?b=c' },
      body: '',
    });
  });

  it('goes compressed to who takes that, where it is larger than Lambda takes; others are told', async () => {
    const record = JSON.stringify(Array.from({ length: 120_000 }, (_, index) => ({ file: `layer-${index}.bin` })));
    const larger = record + ' '.repeat(3_000_000);
    const request = (coding: string) => new Request('https://a/', { headers: { 'accept-encoding': coding } });
    const plain = await httpAnswer(new Response(record), request('gzip'));
    expect([plain.isBase64Encoded, plain.body === record]).toEqual([false, true]);
    expect(Buffer.byteLength(JSON.stringify(plain))).toBeLessThan(6_291_556);
    for (const coding of ['gzip', 'br, gzip;q=0.5', '*']) {
      const answer = await httpAnswer(new Response(larger, { headers: { 'x-kept': 'yes' } }), request(coding));
      expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', 'x-kept': 'yes' });
      expect(gunzipSync(Buffer.from(answer.body, 'base64')).toString()).toBe(larger);
    }
    for (const coding of ['identity', 'br', 'gzip;q=0', '']) {
      const answer = await httpAnswer(new Response(larger, { headers: { etag: '"a"' } }), request(coding));
      expect([answer.statusCode, answer.headers.etag]).toEqual([413, undefined]);
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'TooLarge' } });
    }
  });
});
