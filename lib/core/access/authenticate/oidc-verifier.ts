import { type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../clock.ts';
import type { HttpClient } from '../../http/http-client.ts';
import type { AccessPolicy, Issuer } from '../access-policy.ts';
import type { Caller } from '../caller.ts';
import { checkClaims, clockTolerance } from './check-claims.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { refusedCredential } from './refused-credential.ts';
import { algorithms, readUnprovenToken } from './unproven-token.ts';

/** Proves tokens of the identity providers that a policy names. Keeps the keys of those, and of no others. */
export class OidcVerifier {
  private readonly http: HttpClient;
  private readonly clock: Clock;
  private readonly keys = new Map<string, IssuerKeys>();
  private lastPolicy: AccessPolicy | undefined;

  constructor(http: HttpClient, clock: Clock) {
    this.http = http;
    this.clock = clock;
  }

  /**
   * Who a token says is asking, if it is true. Everything that can be told without a key is asked first: a token that
   * would be refused in any case makes no request, least of all to an address that it names itself.
   * @param token in the compact form
   * @throws NotAuthorised, IssuerUnavailable
   */
  async verify(token: string, policy: AccessPolicy): Promise<Extract<Caller, { kind: 'oidc' }>> {
    this.forgetOthers(policy);
    const { header, claims } = readUnprovenToken(token);
    const { name, issuer, audiences } = issuerOf(claims, policy);
    checkClaims(claims, audiences, this.clock.now());
    const key = await this.keysOf(issuer).find(header, name);
    const proven = await jwtVerify(token, key, {
      algorithms: [...algorithms],
      issuer,
      audience: [...audiences],
      clockTolerance,
      currentDate: this.clock.now(),
      requiredClaims: ['exp', 'sub'],
    }).catch(() => {
      // The library's words may quote claims.
      throw refusedCredential('signature wrong');
    });
    return { kind: 'oidc', issuer: name, subject: String(proven.payload.sub), claims: inert(proven.payload) };
  }

  private keysOf(issuer: string): IssuerKeys {
    const keys = this.keys.get(issuer) ?? new IssuerKeys(this.http, this.clock, issuer);
    this.keys.set(issuer, keys);
    return keys;
  }

  private forgetOthers(policy: AccessPolicy): void {
    if (policy === this.lastPolicy) return;
    this.lastPolicy = policy;
    const named = new Set(Object.values(policy.issuers).map(({ issuer }) => issuer));
    for (const issuer of this.keys.keys()) if (!named.has(issuer)) this.keys.delete(issuer);
  }
}

/** Several names may stand for one issuer, for different audiences: the first whose audience the token has, or the first. */
function issuerOf({ iss, aud }: JWTPayload, policy: AccessPolicy): Issuer & { readonly name: string } {
  const named = Object.entries(policy.issuers).flatMap(([name, each]) =>
    each.issuer === iss ? [{ name, issuer: each.issuer, audiences: each.audiences }] : [],
  );
  const meant: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const [first] = named;
  const found = named.find(({ audiences }) => audiences.some((audience) => meant.includes(audience))) ?? first;
  if (found === undefined) throw refusedCredential('issuer unknown');
  return found;
}

/** Claims as own properties of an object that has no others: one called `__proto__` or `constructor` is a claim as well. */
function inert(payload: JWTPayload): Readonly<Record<string, unknown>> {
  const claims: Record<string, unknown> = Object.create(null);
  return Object.assign(claims, payload);
}
