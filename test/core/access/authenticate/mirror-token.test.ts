import { randomBytes, timingSafeEqual } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { principalOfMirrorToken } from '../../../../lib/core/access/authenticate/mirror-token.ts';
import { Sha256 } from '../../../../lib/core/digest/sha256.ts';
import { authenticating, reasonOf, tokensPolicy } from './authenticating.ts';

const now = new Date('2026-06-30T12:00:00Z');
const token = newToken();
const other = newToken();

function newToken(): string {
  return `weighbridge_${randomBytes(32).toString('base64url')}`;
}

function digest(text: string, expires = '2026-12-31') {
  return { sha256: Sha256.ofBytes(text).hex, expires };
}

describe('a mirror token', () => {
  it('stands for the principal that has its digest', () => {
    const policy = tokensPolicy({ lab: [digest(other)], farm: [digest(newToken()), digest(token)] });
    expect(principalOfMirrorToken(token, policy, now)).toBe('farm');
    expect(principalOfMirrorToken(other, policy, now)).toBe('lab');
  });

  it('is good to the end of its last day in UTC and no longer', async () => {
    const policy = tokensPolicy({ farm: [digest(token, '2026-06-30')] });
    expect(principalOfMirrorToken(token, policy, new Date('2026-06-30T23:59:59.999Z'))).toBe('farm');
    const after = new Date('2026-07-01T00:00:00Z');
    expect(await reasonOf(() => principalOfMirrorToken(token, policy, after), token)).toBe('mirror token expired');
  });

  it('that expired under one principal is good under another', () => {
    const policy = tokensPolicy({ old: [digest(token, '2026-01-01')], farm: [digest(token)] });
    expect(principalOfMirrorToken(token, policy, now)).toBe('farm');
  });

  it('that was taken out of the policy is refused like one that never was in it', async () => {
    const before = tokensPolicy({ farm: [digest(token), digest(other)] });
    expect(principalOfMirrorToken(token, before, now)).toBe('farm');
    for (const policy of [tokensPolicy({ farm: [digest(other)] }), tokensPolicy({ farm: [] }), tokensPolicy({})]) {
      expect(await reasonOf(() => principalOfMirrorToken(token, policy, now), token)).toBe('mirror token unknown');
    }
  });

  it('is not its own digest, nor the digest of a part of it', async () => {
    const parts = [token.slice(12), `${token}\n`, ` ${token}`, Sha256.ofBytes(token).hex];
    const policy = tokensPolicy({ farm: parts.map((part) => digest(part)) });
    expect(await reasonOf(() => principalOfMirrorToken(token, policy, now), token)).toBe('mirror token unknown');
  });

  it('is compared with every digest of the policy, 32 bytes each, whether or not one was equal before', async () => {
    const policy = tokensPolicy({
      first: [digest(token)],
      expired: [digest(newToken(), '2020-01-01')],
      last: Array.from({ length: 20 }, () => digest(newToken())),
    });
    const compared = async (presented: string) => {
      const pairs: (readonly [string, string])[] = [];
      const equal = (stored: Uint8Array, of: Uint8Array) => {
        pairs.push([Buffer.from(stored).toString('hex'), Buffer.from(of).toString('hex')]);
        return timingSafeEqual(stored, of);
      };
      await Promise.try(() => principalOfMirrorToken(presented, policy, now, equal)).catch(() => {});
      return pairs;
    };
    const stored = Object.values(policy.principals).flatMap((each) =>
      each.kind === 'tokens' ? each.tokens.map(({ sha256 }) => sha256) : [],
    );
    for (const presented of [token, other]) {
      const pairs = await compared(presented);
      expect(pairs.map(([left]) => left)).toEqual(stored);
      expect(new Set(pairs.map(([, right]) => right))).toEqual(new Set([Sha256.ofBytes(presented).hex]));
    }
  });

  it('is taken as Bearer and as a password, and asks no identity provider', async () => {
    const { authenticator, clock, issuer } = await authenticating();
    const policy = {
      ...tokensPolicy({ farm: [digest(token, '2026-01-01')] }),
      issuers: { ci: { issuer: issuer.issuer, audiences: ['weighbridge'] } },
    };
    const password = `Basic ${Buffer.from(`anyone:${token}`).toString('base64')}`;
    for (const header of [`Bearer ${token}`, password]) {
      expect(await authenticator.authenticate(header, policy)).toEqual({ kind: 'token', principal: 'farm' });
    }
    clock.jump(24 * 3600);
    expect(await reasonOf(authenticator.authenticate(password, policy), token)).toBe('mirror token expired');
    expect(await reasonOf(authenticator.authenticate(undefined, policy))).toBe('no credential');
    expect(issuer.requests).toEqual([]);
  });
});
