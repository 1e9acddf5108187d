import type { Clock } from '../../clock.ts';
import type { HttpClient } from '../../http/http-client.ts';
import type { Authenticator } from '../access-ports.ts';
import { presentedCredential } from './authorization-header.ts';
import { principalOfMirrorToken } from './mirror-token.ts';
import { OidcVerifier } from './oidc-verifier.ts';

export interface AuthenticatorDeps {
  /** Guarded: https to public addresses, and what its `trustedOrigins` name. Asks identity providers for their keys. */
  readonly http: HttpClient;
  readonly clock: Clock;
}

/**
 * Proves mirror tokens and tokens of identity providers. Holds the keys of the providers that the policy names, so make
 * one for the life of a process.
 */
export function createAuthenticator({ http, clock }: AuthenticatorDeps): Authenticator {
  const verifier = new OidcVerifier(http, clock);
  return {
    async authenticate(authorization, policy) {
      const { kind, text } = presentedCredential(authorization);
      if (kind === 'jwt') return await verifier.verify(text, policy);
      return { kind: 'token', principal: principalOfMirrorToken(text, policy, clock.now()) };
    },
  };
}
