import { createPublicKey, createSign, generateKeyPairSync } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Authenticating, authenticating, policyOf, reasonOf } from './authenticating.ts';

let at: Authenticating;

beforeEach(async () => {
  at = await authenticating();
});

function seconds(): number {
  return Math.floor(at.clock.now().getTime() / 1000);
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

describe('a token of an identity provider', () => {
  it('says who asks, with all its claims', async () => {
    const caller = await at.bearer(
      await at.issuer.token({ sub: 'repo:org/name', repository: 'org/name', run: 7, groups: ['a'] }),
    );
    expect(caller).toMatchObject({
      kind: 'oidc',
      issuer: 'ci',
      subject: 'repo:org/name',
      claims: { iss: at.issuer.issuer, repository: 'org/name', run: 7, groups: ['a'] },
    });
  });

  it('is taken as the password of Basic, too', async () => {
    const password = Buffer.from(`oidc:${await at.issuer.token()}`).toString('base64');
    expect(await at.authenticator.authenticate(`Basic ${password}`, at.policy)).toMatchObject({ subject: 'tester' });
  });

  it.each(['RS256', 'PS384', 'ES512', 'EdDSA'])('signed with %s is taken', async (algorithm) => {
    const { issuer, bearer } = await authenticating({ algorithm });
    expect(await bearer(await issuer.token())).toMatchObject({ subject: 'tester' });
  });

  it('has claims that are nothing but claims, whatever they are called', async () => {
    const hostile = '"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"hasOwnProperty":1,';
    const usual = JSON.stringify({ iss: at.issuer.issuer, aud: 'weighbridge', sub: 's', exp: seconds() + 60 });
    const caller = await at.bearer(await at.issuer.token({}, { payload: `{${hostile}${usual.slice(1)}` }));
    if (caller.kind !== 'oidc') throw new Error('expected an OIDC caller');
    expect(Object.getPrototypeOf(caller.claims)).toBeNull();
    expect(caller.claims.admin).toBeUndefined();
    expect(Object.keys(caller.claims)).toContain('__proto__');
    expect(caller.claims.toString).toBeUndefined();
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('is of the issuer of that audience where the policy has two names for one issuer', async () => {
    const { issuer } = at.issuer;
    const policy = policyOf({ issuers: { a: { issuer, audiences: ['one'] }, b: { issuer, audiences: ['two'] } } });
    const of = async (aud: unknown) =>
      await at.authenticator.authenticate(`Bearer ${await at.issuer.token({ aud })}`, policy);
    expect(await of('one')).toMatchObject({ issuer: 'a' });
    expect(await of('two')).toMatchObject({ issuer: 'b' });
    expect(await reasonOf(of('three'))).toBe('audience wrong');
  });
});

describe('times', () => {
  it.each([
    ['expired', { exp: -30 }, 'token expired'],
    ['not yet valid', { nbf: 31 }, 'token not valid yet'],
    ['issued in the future', { iat: 31 }, 'token not valid yet'],
    ['good for more than a day', { iat: 0, exp: 86_431 }, 'token lives too long'],
    ['made long ago and good for a minute more', { iat: -90_000, exp: 60 }, 'token lives too long'],
    ['good for ever, without saying since when', { iat: undefined, exp: 1e12 }, 'token lives too long'],
    ['without an end', { exp: undefined }, 'times malformed'],
  ])('a token that is %s is refused before any key is asked for', async (_, relative, reason) => {
    const claims = Object.fromEntries(
      Object.entries(relative).map(([name, value]) => [name, value === undefined ? value : seconds() + value]),
    );
    expect(await at.refusal(await at.issuer.token(claims))).toBe(reason);
    expect(at.issuer.requests).toEqual([]);
  });

  it.each([
    ['text', { exp: '4102444800' }],
    ['null', { exp: null }],
    ['a list', { exp: [4_102_444_800] }],
    ['an object', { exp: { valueOf: 4_102_444_800 } }],
    ['true', { exp: true }],
    ['text for iat', { iat: '0' }],
    ['null for nbf', { nbf: null }],
  ])('that are %s are refused', async (_, claims) => {
    expect(await at.refusal(await at.issuer.token(claims))).toBe('times malformed');
  });

  it('that JSON can write and no clock can show are refused', async () => {
    const payload = (exp: string) => `{"iss":"${at.issuer.issuer}","aud":"weighbridge","sub":"s","exp":${exp}}`;
    expect(await at.refusal(await at.issuer.token({}, { payload: payload('1e999') }))).toBe('times malformed');
    expect(await at.refusal(await at.issuer.token({}, { payload: payload('1e300') }))).toBe('token lives too long');
    expect(await at.refusal(await at.issuer.token({}, { payload: payload('-1') }))).toBe('token expired');
  });

  it('may be off by less than half a minute, and a token may live for a day', async () => {
    const now = seconds();
    for (const claims of [{ exp: now - 29 }, { nbf: now + 30 }, { iat: now + 30 }, { iat: now, exp: now + 86_400 }]) {
      expect(await at.bearer(await at.issuer.token(claims))).toMatchObject({ subject: 'tester' });
    }
  });
});

describe('issuer, audience and subject', () => {
  it('are compared as they are: what only looks like the issuer is unknown, and nothing is asked of it', async () => {
    const { issuer } = at.issuer;
    const alike = [
      `${issuer}/`,
      issuer.toUpperCase(),
      `${issuer}.evil.example`,
      issuer.slice(0, -1),
      `${issuer}#`,
      ` ${issuer}`,
    ];
    for (const iss of [...alike, [issuer], { issuer }, '', null, undefined, 0, 'constructor', '__proto__', 'ci']) {
      expect(await at.refusal(await at.issuer.token({ iss }))).toBe('issuer unknown');
    }
    expect(at.issuer.requests).toEqual([]);
  });

  it('of an issuer that the policy does not name make no request to it', async () => {
    for (let count = 0; count < 50; count += 1) {
      expect(await at.refusal(await at.stranger.token())).toBe('issuer unknown');
    }
    expect(at.stranger.requests).toEqual([]);
  });

  it('of one issuer under the signature of another are refused', async () => {
    const forged = await at.stranger.token({ iss: at.issuer.issuer });
    expect(await at.refusal(forged)).toBe('signature wrong');
    expect(at.stranger.requests).toEqual([]);
  });

  it.each([
    ['another', 'other'],
    ['a longer one', 'weighbridge-evil'],
    ['a shorter one', 'weigh'],
    ['one in other case', 'Weighbridge'],
    ['both in one text', 'weighbridge mirror'],
    ['none', undefined],
    ['null', null],
    ['an object', { weighbridge: true }],
    ['an empty list', []],
    ['a list of lists', [['weighbridge']]],
    ['a list with a number', ['weighbridge', 7]],
    ['a list of eleven', ['weighbridge', ...Array.from({ length: 10 }, (_, index) => `other-${index}`)]],
  ])('a token for %s as its audience is refused', async (_, aud) => {
    expect(await at.refusal(await at.issuer.token({ aud }))).toBe('audience wrong');
    expect(at.issuer.requests).toEqual([]);
  });

  it('a token for several audiences is taken where one is ours', async () => {
    for (const aud of ['mirror', ['other', 'weighbridge']]) {
      expect(await at.bearer(await at.issuer.token({ aud }))).toMatchObject({ subject: 'tester' });
    }
  });

  it.each([[undefined], [''], [7], [null], [['tester']], [{ id: 'tester' }]])('subject %j is refused', async (sub) => {
    expect(await at.refusal(await at.issuer.token({ sub }))).toBe('subject missing');
  });
});

describe('a forged token', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', '', 'HS256', 'constructor', 'ES256K', 'RSA1_5', 7, null, ['ES256']])(
    'with algorithm %j is refused before any key is asked for',
    async (alg) => {
      const [, payload] = (await at.issuer.token()).split('.');
      const reason = await at.refusal(`${encoded({ alg, kid: 'key-1', typ: 'JWT' })}.${payload}.AA`);
      expect(['algorithm not taken', 'token malformed']).toContain(reason);
      expect(at.issuer.requests).toEqual([]);
    },
  );

  it('with HMAC and a public key as its secret is refused', async () => {
    const { issuer, refusal } = await authenticating({ algorithm: 'RS256' });
    const [jwk] = issuer.keys;
    if (jwk === undefined) throw new Error('no key');
    const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    for (const key of [Buffer.from(pem), Buffer.from(String(jwk.n), 'base64url'), Buffer.from(JSON.stringify(jwk))]) {
      expect(await refusal(await issuer.token({}, { header: { alg: 'HS256' }, key }))).toBe('algorithm not taken');
    }
    expect(issuer.requests).toEqual([]);
  });

  it('whose header brings or names its own key is refused, and nobody is asked for that key', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    const elsewhere = `${at.stranger.issuer}/keys`;
    for (const header of [{ jwk }, { jku: elsewhere }, { x5u: elsewhere }, { x5c: ['MIIB'] }]) {
      const forged = await at.issuer.token({}, { header, key: pair.privateKey });
      expect(await at.refusal(forged)).toBe('signature wrong');
    }
    expect(at.stranger.requests).toEqual([]);
  });

  it.each(['URL', '../../keys', "' OR 1=1 --", '__proto__', 'key-1\0', 'KEY-1', ''])(
    'with key id %j is of no known key',
    async (kid) => {
      const named = kid === 'URL' ? `${at.stranger.issuer}/keys` : kid;
      expect(await at.refusal(await at.issuer.token({}, { header: { kid: named } }))).toBe('key unknown');
      expect(at.stranger.requests).toEqual([]);
      expect(new Set(at.issuer.requests)).toEqual(new Set(['GET /.well-known/openid-configuration', 'GET /keys']));
    },
  );

  it.each([[7], [['key-1']], [{ kid: 'key-1' }], [null]])('with key id %j is malformed', async (kid) => {
    const [, payload, signature] = (await at.issuer.token()).split('.');
    expect(await at.refusal(`${encoded({ alg: 'ES256', kid })}.${payload}.${signature}`)).toBe('token malformed');
  });

  it.each(['crit', 'b64'])('with the extension %s is refused', async (name) => {
    const [, payload, signature] = (await at.issuer.token()).split('.');
    for (const value of [['b64'], ['exp'], [], false, true, null]) {
      const header = encoded({ alg: 'ES256', kid: 'key-1', [name]: value });
      expect(await at.refusal(`${header}.${payload}.${signature}`)).toBe('extension not taken');
    }
  });

  it.each(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'JWE', '', 7, null])('of type %j is refused', async (typ) => {
    expect(await at.refusal(await at.issuer.token({}, { header: { typ } }))).toBe('token type not taken');
  });

  it.each(['JWT', 'jwt', 'application/jwt', 'at+jwt'])('of type %j is not one: it is taken', async (typ) => {
    expect(await at.bearer(await at.issuer.token({}, { header: { typ } }))).toMatchObject({ subject: 'tester' });
  });

  it('with a signature of zeros, of another token, or none that fits is refused', async () => {
    const [header, payload] = (await at.issuer.token()).split('.');
    const other = (await at.issuer.token({ sub: 'other' })).split('.')[2];
    for (const signature of [Buffer.alloc(64).toString('base64url'), other, 'A', 'AAAA', 'A'.repeat(4000)]) {
      expect(await at.refusal(`${header}.${payload}.${signature}`)).toBe('signature wrong');
    }
  });

  it('of which one character is another is refused, wherever it is', async () => {
    const token = await at.issuer.token();
    // The last character of the signature has bits that mean nothing.
    for (let index = 0; index < token.length - 1; index += 3) {
      if (token[index] === '.') continue;
      const changed = `${token.slice(0, index)}${token[index] === 'x' ? 'y' : 'x'}${token.slice(index + 1)}`;
      await reasonOf(at.bearer(changed), changed);
    }
  });

  it.each([
    ['a list', '[]'],
    ['text', '"a"'],
    ['null', 'null'],
    ['no JSON', '{'],
    ['two documents', '{}{}'],
    ['nothing', ' '],
    ['very deep', `${'['.repeat(3000)}${']'.repeat(3000)}`],
  ])('whose payload is %s is malformed', async (_, payload) => {
    expect(await at.refusal(await at.issuer.token({}, { payload }))).toBe('token malformed');
    expect(at.issuer.requests).toEqual([]);
  });

  it('of more than 8 KiB is refused unread', async () => {
    expect(await at.refusal(await at.issuer.token({ filler: 'a'.repeat(6100) }))).toBe('token too long');
    expect(await at.bearer(await at.issuer.token({ filler: 'a'.repeat(5700) }))).toMatchObject({ subject: 'tester' });
  });
});

describe('a key', () => {
  async function published(algorithm: string, change: Partial<JWK>): Promise<CryptoKey> {
    const pair = await generateKeyPair(algorithm, { extractable: true });
    at.issuer.keys.push({ ...(await exportJWK(pair.publicKey)), kid: 'own', ...change });
    return pair.privateKey;
  }

  it.each([
    ['for encryption', 'ES256', { use: 'enc' }],
    ['for another algorithm', 'ES256', { alg: 'ES384' }],
    ['for other operations', 'ES256', { key_ops: ['deriveKey'] }],
    ['of another kind', 'ES256', { kty: 'RSA' }],
    ['of another curve', 'ES256', { crv: 'P-384' }],
    ['that is no point of its curve', 'ES256', { x: Buffer.alloc(32, 1).toString('base64url') }],
    ['whose private half is published', 'ES256', { d: Buffer.alloc(32, 1).toString('base64url') }],
    ['that is a secret', 'ES256', { kty: 'oct', k: 'AAAA' }],
  ])('%s is not used', async (_, alg, change) => {
    const key = await published(alg, change);
    expect(await at.refusal(await at.issuer.token({}, { header: { alg, kid: 'own' }, key }))).toBe('key unknown');
  });

  it('that names no use and no algorithm is used for the algorithms of its kind', async () => {
    const key = await published('ES384', {});
    const token = await at.issuer.token({}, { header: { alg: 'ES384', kid: 'own' }, key });
    expect(await at.bearer(token)).toMatchObject({ subject: 'tester' });
  });

  it('of RSA for one padding is not used for the other', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    at.issuer.keys.push({ ...(await exportJWK(pair.publicKey)), kid: 'own', alg: 'RS256' });
    const key = (await importJWK(await exportJWK(pair.privateKey), 'PS256')) as CryptoKey;
    const token = await at.issuer.token({}, { header: { alg: 'PS256', kid: 'own' }, key });
    expect(await at.refusal(token)).toBe('key unknown');
  });

  it.each([
    [1024, 'key unknown'],
    [2048, undefined],
    [8200, 'key unknown'],
  ])('of RSA with %i bits is as good as it is strong', async (modulusLength, reason) => {
    // Keys of 8,200 bits take seconds to make, and one is refused by its size alone.
    const pair = generateKeyPairSync('rsa', { modulusLength: Math.min(modulusLength, 2048) });
    const jwk = pair.publicKey.export({ format: 'jwk' });
    const n = modulusLength > 2048 ? Buffer.alloc(modulusLength / 8, 0xff).toString('base64url') : jwk.n;
    at.issuer.keys.push({ ...jwk, n, kid: 'own' } as JWK);
    const [, payload] = (await at.issuer.token()).split('.');
    const signed = `${encoded({ alg: 'RS256', kid: 'own' })}.${payload}`;
    const token = `${signed}.${createSign('sha256').update(signed).sign(pair.privateKey).toString('base64url')}`;
    if (reason === undefined) expect(await at.bearer(token)).toMatchObject({ subject: 'tester' });
    else expect(await at.refusal(token)).toBe(reason);
  });

  it('need not be named while there is one alone that fits', async () => {
    const token = await at.issuer.token({}, { header: { kid: undefined } });
    expect(await at.bearer(token)).toMatchObject({ subject: 'tester' });
    await published('ES256', {});
    at.clock.jump(60);
    expect(await at.refusal(await at.issuer.token({}, { header: { kid: 'other' } }))).toBe('key unknown');
    expect(await at.refusal(await at.issuer.token({}, { header: { kid: undefined } }))).toBe('key ambiguous');
  });
});
