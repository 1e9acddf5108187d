import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccessPolicy } from '../access-policy.ts';
import { refusedCredential } from './refused-credential.ts';

const dayInMilliseconds = 24 * 3600 * 1000;

/** Are two byte strings of one length equal? Must take as long wherever they differ. */
export type DigestComparison = (stored: Uint8Array, presented: Uint8Array) => boolean;

/**
 * The principal of the policy that a mirror token stands for. Every digest of the policy is compared, in the same time
 * each, whether or not one was equal before: how long an answer takes says nothing of what is in the policy.
 * @param token of the right shape, so of a bounded length
 * @throws NotAuthorised when the policy has no such token, or only one whose last day (UTC) is over
 */
export function principalOfMirrorToken(
  token: string,
  policy: AccessPolicy,
  now: Date,
  equal: DigestComparison = timingSafeEqual,
): string {
  const presented = createHash('sha256').update(token).digest();
  const good: string[] = [];
  let expired = false;
  for (const [name, principal] of Object.entries(policy.principals)) {
    for (const { sha256, expires } of principal.kind === 'tokens' ? principal.tokens : []) {
      if (!equal(Buffer.from(sha256, 'hex'), presented)) continue;
      if (now.getTime() < Date.parse(`${expires}T00:00:00Z`) + dayInMilliseconds) good.push(name);
      else expired = true;
    }
  }
  const [name] = good;
  if (name === undefined) throw refusedCredential(expired ? 'mirror token expired' : 'mirror token unknown');
  return name;
}
