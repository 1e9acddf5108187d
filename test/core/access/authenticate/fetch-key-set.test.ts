import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { fetchKeySet } from '../../../../lib/core/access/authenticate/fetch-key-set.ts';
import { createHttpClient } from '../../../../lib/core/http/create-http-client.ts';
import { createCertificate, type ServerCertificate } from '../../../upstream/certificate.ts';
import { startUpstream, type Upstream } from '../../../upstream/upstream.ts';

const set = { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'one', x5c: ['MIIB'], unknown: { a: 1 } }] };
const signal = new AbortController().signal;

let tls: ServerCertificate;

beforeAll(() => {
  tls = createCertificate();
});

async function server(secure: boolean): Promise<Upstream> {
  const made = await startUpstream(secure ? { tls } : {});
  onTestFinished(() => made.close());
  made.put('/keys', Buffer.from(JSON.stringify(set)));
  return made;
}

function configure(upstream: Upstream, issuer: string, keys: Upstream, path: string): void {
  upstream.put(path, Buffer.from(JSON.stringify({ issuer, jwks_uri: keys.url('/keys'), more: true })));
}

function client(...upstreams: readonly Upstream[]) {
  const trustedOrigins = upstreams.map(({ origin }) => origin);
  const http = createHttpClient({ userAgent: 'weighbridge/test', trustedOrigins, ca: [tls.ca] });
  onTestFinished(() => http.close());
  return http;
}

describe('the key set of an issuer', () => {
  it.each(['', '/', '/realms/main', '/realms/main/'])('is found for an issuer that ends in %j', async (end) => {
    const upstream = await server(true);
    const issuer = upstream.url(end);
    configure(upstream, issuer, upstream, `${end.replace(/\/$/, '')}/.well-known/openid-configuration`);
    expect(await fetchKeySet(client(upstream), issuer, signal)).toEqual({
      keys: [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'one' }],
    });
  });

  it('of an issuer at https is not taken from plain http, not even at an origin that is trusted', async () => {
    const [secure, plain] = [await server(true), await server(false)];
    configure(secure, secure.origin, plain, '/.well-known/openid-configuration');
    const work = fetchKeySet(client(secure, plain), secure.origin, signal);
    await expect(work).rejects.toMatchObject({ name: 'SourceError', message: 'The key set is at plain http' });
    expect(plain.requests).toEqual([]);
  });

  it('at a private address is asked for only where the operator trusts it', async () => {
    const upstream = await server(true);
    configure(upstream, upstream.origin, upstream, '/.well-known/openid-configuration');
    await expect(fetchKeySet(client(), upstream.origin, signal)).rejects.toMatchObject({ outcome: 'forbidden' });
    expect(upstream.requests).toEqual([]);
  });
});
