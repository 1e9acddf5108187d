import type { JWTPayload } from 'jose';
import { refusedCredential } from './refused-credential.ts';

/** Seconds that the clocks of issuers may be off. */
export const clockTolerance = 30;

/** Seconds. Nobody but the issuer can take a token back, so one that is good for days is not taken at all. */
const longestLife = 24 * 3600;

/** Entries of `aud`. */
const mostAudiences = 10;

/**
 * Is it meant for us, and now?
 * @param audiences that the policy names for its issuer; the token must have been made for one of them, exactly
 * @throws NotAuthorised
 */
export function checkClaims(claims: JWTPayload, audiences: readonly string[], now: Date): void {
  if (typeof claims.sub !== 'string' || claims.sub === '') throw refusedCredential('subject missing');
  checkAudience(claims.aud, audiences);
  checkTimes(claims, Math.floor(now.getTime() / 1000));
}

function checkAudience(claim: unknown, audiences: readonly string[]): void {
  const meant: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const wellFormed = meant.length <= mostAudiences && meant.every((each) => typeof each === 'string');
  if (!wellFormed || !audiences.some((audience) => meant.includes(audience))) throw refusedCredential('audience wrong');
}

function checkTimes({ exp, iat, nbf }: JWTPayload, now: number): void {
  // JSON writes numbers that are not finite, too: 1e999.
  const malformed = [exp, iat, nbf].some((time) => time !== undefined && !Number.isFinite(time));
  if (malformed || exp === undefined) throw refusedCredential('times malformed');
  if (exp <= now - clockTolerance) throw refusedCredential('token expired');
  if (Math.max(iat ?? 0, nbf ?? 0) > now + clockTolerance) throw refusedCredential('token not valid yet');
  if (exp - (iat ?? now) > longestLife + clockTolerance) throw refusedCredential('token lives too long');
}
