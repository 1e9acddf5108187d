import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../lib/core/http/create-http-client.ts';
import type { Resolver } from '../../../lib/core/http/origin-rules.ts';
import { createCertificate, type ServerCertificate } from '../../upstream/certificate.ts';
import { startUpstream, type Upstream } from '../../upstream/upstream.ts';

let certificate: ServerCertificate;
let upstream: Upstream;

beforeAll(async () => {
  certificate = createCertificate(['models.test']);
  upstream = await startUpstream({ tls: certificate });
  upstream.put('/a', Buffer.from('weights'));
});

afterAll(async () => {
  await upstream.close();
});

/** A name server that gives the next answer each time it is asked; the last one for ever. */
function answers(...lists: string[][]): { resolver: Resolver; asked: () => number } {
  let asked = 0;
  const resolver: Resolver = async () => {
    const list = lists[Math.min(asked, lists.length - 1)] ?? [];
    asked += 1;
    return list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { resolver, asked: () => asked };
}

const origin = () => `https://models.test:${new URL(upstream.origin).port}`;

async function fetchText(resolver: Resolver, trusted: boolean, ca = [certificate.ca]): Promise<string> {
  const client = createHttpClient({
    userAgent: 'weighbridge/test',
    resolver,
    ca,
    trustedOrigins: trusted ? [origin()] : [],
  });
  try {
    return await (await client.request({ method: 'GET', url: new URL(`${origin()}/a`) })).text(100);
  } finally {
    await client.close();
  }
}

describe('a connection', () => {
  it('goes to the address that the one look-up gave, under the name of the certificate', async () => {
    const dns = answers(['127.0.0.1']);
    expect(await fetchText(dns.resolver, true)).toBe('weights');
    expect(dns.asked()).toBe(1);
  });

  it.each(['127.0.0.1', '10.1.2.3', '::1', '::ffff:127.0.0.1', 'fd00::1', '100.64.0.1'])(
    'is refused when the name leads to %s',
    async (address) => {
      const before = upstream.requests.length;
      await expect(fetchText(answers([address]).resolver, false)).rejects.toMatchObject({
        outcome: 'forbidden',
        retryable: false,
      });
      expect(upstream.requests.length).toBe(before);
    },
  );

  it('is refused when one of several addresses is private', async () => {
    const dns = answers(['93.184.216.34', '127.0.0.1']);
    await expect(fetchText(dns.resolver, false)).rejects.toMatchObject({ outcome: 'forbidden' });
  });

  it('to link-local and metadata addresses is refused even for a trusted origin', async () => {
    for (const address of ['169.254.169.254', 'fe80::1', '168.63.129.16', '0.0.0.0']) {
      await expect(fetchText(answers([address]).resolver, true)).rejects.toMatchObject({ outcome: 'forbidden' });
    }
  });

  it('gains nothing from DNS that changes its answer between check and connect', async () => {
    // Public for whoever checks first, this machine for whoever asks again to connect.
    const dns = answers(['192.0.2.55'], ['127.0.0.1']);
    const before = upstream.requests.length;
    await expect(fetchText(dns.resolver, false)).rejects.toMatchObject({ outcome: 'forbidden' });
    // An answer that passes the check is the one that is dialled; there is no second question to answer otherwise.
    const flapping = answers(['127.0.0.1'], ['169.254.169.254']);
    expect(await fetchText(flapping.resolver, true)).toBe('weights');
    expect(flapping.asked()).toBe(1);
    expect(upstream.requests.length).toBe(before + 1);
  });

  it('says what to do about an authority that nobody knows', async () => {
    await expect(fetchText(answers(['127.0.0.1']).resolver, true, [])).rejects.toMatchObject({
      outcome: 'broken',
      retryable: false,
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });

  it('to a name that does not exist is not tried again', async () => {
    const resolver: Resolver = () =>
      Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    await expect(fetchText(resolver, false)).rejects.toMatchObject({ outcome: 'broken', retryable: false });
  });
});
