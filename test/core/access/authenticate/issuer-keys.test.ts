import type { ServerResponse } from 'node:http';
import { generateKeyPair } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Misanswer } from '../../../fixtures/oidc-issuer.ts';
import { settle } from '../../state/manual-clock.ts';
import { type Authenticating, authenticating, policyOf, reasonOf } from './authenticating.ts';

let at: Authenticating;

beforeEach(async () => {
  at = await authenticating();
});

function json(value: unknown): Misanswer {
  return (response) => void response.writeHead(200).end(typeof value === 'string' ? value : JSON.stringify(value));
}

function status(code: number): Misanswer {
  return (response) => void response.writeHead(code).end('no');
}

async function good(): Promise<void> {
  expect(await at.bearer(await at.issuer.token())).toMatchObject({ subject: 'tester' });
}

/** Tokens with a good shape, signed by nobody in particular, each naming a key of its own. */
async function unknownKeys(count: number): Promise<string[]> {
  const { privateKey: key } = await generateKeyPair('ES256');
  return await Promise.all(
    Array.from({ length: count }, (_, index) => at.issuer.token({}, { header: { kid: `made-up-${index}` }, key })),
  );
}

describe('the keys of an issuer', () => {
  it('are found through its discovery document, once for many callers at a time, without our credentials', async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => at.issuer.token()));
    await Promise.all(tokens.map((token) => at.bearer(token)));
    await good();
    expect(at.issuer.requests).toEqual(['GET /.well-known/openid-configuration', 'GET /keys']);
  });

  it('are asked for again after ten minutes, and one that is gone then is good no longer', async () => {
    const token = await at.issuer.token({ exp: at.clock.now().getTime() / 1000 + 3600 });
    await at.bearer(token);
    await at.issuer.rotate();
    at.clock.jump(599);
    expect(await at.bearer(token)).toMatchObject({ subject: 'tester' });
    expect(at.fetches()).toBe(1);
    at.clock.jump(1);
    expect(await at.refusal(token)).toBe('key unknown');
    expect(at.fetches()).toBe(2);
  });

  it('are asked for at most every 30 seconds by tokens of a key that was made since', async () => {
    await good();
    await at.issuer.rotate();
    expect(await at.refusal(await at.issuer.token())).toBe('key unknown');
    expect(at.fetches()).toBe(1);
    at.clock.jump(30);
    await good();
    expect(at.fetches()).toBe(2);
  });

  it('are asked for once in 30 seconds however many tokens name keys that there are not', async () => {
    await good();
    const tokens = await unknownKeys(20);
    for (let round = 1; round <= 3; round += 1) {
      at.clock.jump(29);
      await Promise.all(tokens.map((token) => at.refusal(token)));
      at.clock.jump(1);
      await Promise.all([...tokens, ...tokens].map((token) => at.refusal(token)));
      expect(at.fetches()).toBe(1 + round);
    }
    await good();
  });

  it('are kept for the issuers of the policy and for no others', async () => {
    await good();
    const authorization = `Bearer ${await at.issuer.token()}`;
    expect(await reasonOf(at.authenticator.authenticate(authorization, policyOf({})))).toBe('issuer unknown');
    expect(at.fetches()).toBe(1);
    await good();
    expect(at.fetches()).toBe(2);
    // A policy that is read again and says the same keeps them.
    await at.authenticator.authenticate(authorization, structuredClone(at.policy));
    expect(at.fetches()).toBe(2);
  });
});

describe('while an issuer is down', () => {
  it('keys that are known are good for an hour, and then nobody can tell', async () => {
    await good();
    await at.issuer.close();
    for (const minutes of [11, 20, 28]) {
      at.clock.jump(minutes * 60);
      await good();
    }
    at.clock.jump(60);
    const error = await at.unavailable(await at.issuer.token());
    expect(error.evidence).toEqual({ issuer: 'ci', reason: 'keys of the issuer unavailable' });
  });

  it('a token of an unknown key cannot be told from one of a new key, and is not called bad', async () => {
    await good();
    at.issuer.misanswer('keys', status(503));
    await at.issuer.rotate();
    at.clock.jump(30);
    const error = await at.unavailable(await at.issuer.token());
    expect(error.retryAfter).toBe(2);
    at.issuer.misanswer('keys', undefined);
    at.clock.jump(2);
    await good();
    const [unknown = ''] = await unknownKeys(1);
    expect(await at.refusal(unknown)).toBe('key unknown');
  });

  it('it is asked ever more rarely, down to every half minute, and a token that is bad anyway asks nothing', async () => {
    at.issuer.misanswer('configuration', status(500));
    const [token = ''] = await unknownKeys(1);
    const late = await at.issuer.token({ exp: 0 });
    for (let second = 0; second < 121; second += 1) {
      await at.unavailable(token);
      expect(await at.refusal(late)).toBe('token expired');
      at.clock.jump(1);
    }
    // At 0, 2, 6, 14, 30, 60, 90 and 120 seconds.
    expect(at.issuer.requests).toHaveLength(8);
  });

  it('another issuer of the policy is not touched', async () => {
    const { issuer } = at.stranger;
    const both = policyOf({ issuers: { ...at.policy.issuers, second: { issuer, audiences: ['weighbridge'] } } });
    await at.issuer.close();
    const of = async (token: Promise<string>) => await at.authenticator.authenticate(`Bearer ${await token}`, both);
    await expect(of(at.issuer.token())).rejects.toMatchObject({ name: 'IssuerUnavailable' });
    expect(await of(at.stranger.token())).toMatchObject({ issuer: 'second' });
  });
});

describe('an issuer that answers', () => {
  it.each(['configuration', 'keys'] as const)(
    'too slowly with its %s is given up after five seconds',
    async (document) => {
      let opened: ServerResponse | undefined;
      at.issuer.misanswer(document, (response) => {
        opened = response.writeHead(200);
        response.write('{"keys":');
      });
      const waiting = at.unavailable(await at.issuer.token());
      for (let turn = 0; opened === undefined && turn < 10_000; turn += 1) await settle();
      await at.clock.advance(4.75);
      // Whoever comes meanwhile joins in.
      const joined = at.unavailable(await at.issuer.token());
      await at.clock.advance(0.25);
      expect((await waiting).message).toContain('did not answer in time');
      await joined;
      expect(at.fetches()).toBe(document === 'keys' ? 1 : 0);
    },
  );

  it('without end is cut off', async () => {
    let sent = 0;
    at.issuer.misanswer('keys', (response) => {
      const piece = Buffer.alloc(64 << 10, ' ');
      const more = () => {
        while (!response.destroyed && response.write(piece)) sent += piece.length;
      };
      response.writeHead(200).on('drain', more);
      more();
    });
    expect((await at.unavailable(await at.issuer.token())).message).toContain('more than 262144 bytes');
    // What fits into the buffers of both ends, and no stream of it.
    expect(sent).toBeLessThan(64 << 20);
  });

  it.each([
    ['more than 100 keys', { keys: Array.from({ length: 101 }, () => ({ kty: 'EC' })) }],
    ['keys that are no list', { keys: { 0: {} } }],
    ['a key that is none', { keys: [null] }],
    ['a list', []],
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['half', '{"keys":['],
  ])('with %s for its key set is not believed', async (_, document) => {
    at.issuer.misanswer('keys', json(document));
    await at.unavailable(await at.issuer.token());
    at.issuer.misanswer('keys', undefined);
    at.clock.jump(2);
    await good();
  });

  it('with no keys at all has said so: what it took back is good no longer', async () => {
    await good();
    at.issuer.misanswer('keys', json({ keys: [] }));
    at.clock.jump(600);
    expect(await at.refusal(await at.issuer.token())).toBe('key unknown');
  });

  it('with keys of which some make no sense is believed in the others', async () => {
    at.issuer.misanswer('keys', (response, right) => {
      const hostile = [{}, { kty: 7 }, { kty: 'RSA', n: 7 }, { kty: 'RSA' }, { kty: 'EC', kid: ['key-1'] }];
      json({ keys: [...hostile, ...(right.keys as unknown[])] })(response, right);
    });
    await good();
  });

  it.each([
    ['another issuer', (own: string, other: string) => ({ issuer: other, jwks_uri: `${own}/keys` })],
    ['its name with a slash', (own: string) => ({ issuer: `${own}/`, jwks_uri: `${own}/keys` })],
    ['no issuer', (own: string) => ({ jwks_uri: `${own}/keys` })],
    ['no key set', (own: string) => ({ issuer: own })],
    ['a file for a key set', (own: string) => ({ issuer: own, jwks_uri: 'file:///etc/hostname' })],
    ['a key set in itself', (own: string) => ({ issuer: own, jwks_uri: 'data:application/json,{"keys":[]}' })],
    ['a key set at a private address', (own: string) => ({ issuer: own, jwks_uri: 'https://10.0.0.1/keys' })],
    ['one at the metadata service', (own: string) => ({ issuer: own, jwks_uri: 'http://169.254.169.254/keys' })],
    ['one at plain http', (own: string) => ({ issuer: own, jwks_uri: 'http://example.org/keys' })],
    ['a list', () => []],
  ])('with %s in its configuration is not believed', async (_, document) => {
    at.issuer.misanswer('configuration', json(document(at.issuer.issuer, at.stranger.issuer)));
    await at.unavailable(await at.issuer.token());
    expect(at.issuer.requests).toEqual(['GET /.well-known/openid-configuration']);
    expect(at.stranger.requests).toEqual([]);
  });

  it.each(['configuration', 'keys'] as const)(
    'with a redirect of its %s to somebody else is not followed',
    async (document) => {
      const location = `${at.stranger.issuer}/${document === 'keys' ? 'keys' : '.well-known/openid-configuration'}`;
      at.issuer.misanswer(document, (response) => void response.writeHead(302, { location }).end());
      await at.unavailable(await at.issuer.token());
      expect(at.stranger.requests).toEqual([]);
    },
  );

  it('with a key set at another host of its own choice is asked there', async () => {
    at.stranger.keys.splice(0, 1, ...at.issuer.keys);
    at.issuer.misanswer('configuration', json({ issuer: at.issuer.issuer, jwks_uri: `${at.stranger.issuer}/keys` }));
    await good();
    expect(at.stranger.requests).toEqual(['GET /keys']);
  });
});
