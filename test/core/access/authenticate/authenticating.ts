import { inspect } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import type { AccessPolicy, TokenDigest } from '../../../../lib/core/access/access-policy.ts';
import type { Authenticator } from '../../../../lib/core/access/access-ports.ts';
import { createAuthenticator } from '../../../../lib/core/access/authenticate/create-authenticator.ts';
import { notAuthorisedMessage } from '../../../../lib/core/access/authenticate/refused-credential.ts';
import type { Caller } from '../../../../lib/core/access/caller.ts';
import { IssuerUnavailable, NotAuthorised } from '../../../../lib/core/errors.ts';
import { createHttpClient } from '../../../../lib/core/http/create-http-client.ts';
import { type OidcIssuer, type OidcIssuerOptions, startOidcIssuer } from '../../../fixtures/oidc-issuer.ts';
import { ManualClock } from '../../state/manual-clock.ts';

export function policyOf(parts: Partial<AccessPolicy>): AccessPolicy {
  return { issuers: {}, principals: {}, grants: [], ...parts };
}

export function tokensPolicy(principals: Readonly<Record<string, readonly TokenDigest[]>>): AccessPolicy {
  return policyOf({
    principals: Object.fromEntries(
      Object.entries(principals).map(([name, tokens]) => [name, { kind: 'tokens', tokens }] as const),
    ),
  });
}

export interface Authenticating {
  readonly clock: ManualClock;
  readonly authenticator: Authenticator;
  /** In the policy as `ci`, for the audience `weighbridge`. */
  readonly issuer: OidcIssuer;
  /** Trusted by the network rules and not in the policy. */
  readonly stranger: OidcIssuer;
  readonly policy: AccessPolicy;
  bearer(token: string): Promise<Caller>;
  /** Why a token was refused, for the audit. */
  refusal(token: string): Promise<string>;
  unavailable(token: string): Promise<IssuerUnavailable>;
  /** How often the key set was asked for. */
  fetches(): number;
}

/** An authenticator, an issuer that its policy names and one that it does not, under a clock that is held. */
export async function authenticating(options: OidcIssuerOptions = {}): Promise<Authenticating> {
  const clock = new ManualClock();
  const issuer = await startIssuer({ now: () => clock.now(), ...options });
  const stranger = await startIssuer({ now: () => clock.now(), ...options });
  const http = createHttpClient({
    userAgent: 'weighbridge/test',
    trustedOrigins: [issuer.issuer, stranger.issuer],
    credentials: [{ origins: [issuer.issuer], headers: { authorization: 'Bearer of-ours' } }],
  });
  onTestFinished(() => http.close());
  const authenticator = createAuthenticator({ http, clock });
  const policy = policyOf({ issuers: { ci: { issuer: issuer.issuer, audiences: ['weighbridge', 'mirror'] } } });
  const bearer = (token: string) => authenticator.authenticate(`Bearer ${token}`, policy);
  return {
    ...{ clock, authenticator, issuer, stranger, policy, bearer },
    refusal: (token) => reasonOf(bearer(token), token),
    async unavailable(token) {
      const error = await failureOf(bearer(token));
      if (!(error instanceof IssuerUnavailable)) throw new Error(`expected IssuerUnavailable, got ${inspect(error)}`);
      expect(error.retryable).toBe(true);
      expectNothingOf(token, error);
      return error;
    },
    fetches: () => issuer.requests.filter((request) => request === 'GET /keys').length,
  };
}

export async function startIssuer(options: OidcIssuerOptions): Promise<OidcIssuer> {
  const issuer = await startOidcIssuer(options);
  onTestFinished(() => issuer.close());
  return issuer;
}

/** The refusal's reason; its words for the client are always the same, and no part of the credential is in it. */
export async function reasonOf(work: Promise<unknown> | (() => unknown), credential = ''): Promise<string> {
  const error = await failureOf(typeof work === 'function' ? Promise.try(work) : work);
  if (!(error instanceof NotAuthorised)) throw new Error(`expected NotAuthorised, got ${inspect(error)}`);
  expect(error.message).toBe(notAuthorisedMessage);
  expect(error.cause).toBeUndefined();
  expect(Object.keys(error.evidence)).toEqual(['reason']);
  expectNothingOf(credential, error);
  return String(error.evidence.reason);
}

function expectNothingOf(credential: string, error: Error): void {
  const shown = inspect(error, { depth: 10, showHidden: true });
  for (const part of credential.split('.')) if (part.length > 12) expect(shown).not.toContain(part);
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    (value) => {
      throw new Error(`expected a refusal, got ${inspect(value)}`);
    },
    (error: unknown) => error,
  );
}
