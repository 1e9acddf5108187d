import { type CryptoKey, createLocalJWKSet, errors, type JWSHeaderParameters, type LocalJWKSet } from 'jose';
import type { Clock } from '../../clock.ts';
import { IssuerUnavailable, WeighbridgeError } from '../../errors.ts';
import type { HttpClient } from '../../http/http-client.ts';
import { fetchKeySet } from './fetch-key-set.ts';
import { refusedCredential } from './refused-credential.ts';

/** Seconds. */
const times = {
  /** A key that the issuer took back is good here no longer than this. */
  fresh: 10 * 60,
  /** …and than this while the issuer does not answer: its users should not notice that it is down for a while. */
  usable: 3600,
  /** Tokens with unknown keys make us ask no more often, however many they are. */
  betweenFetches: 30,
  /** For both documents together. */
  fetch: 5,
};

/** The keys of one identity provider: fetched when a token needs them, kept for a while. */
export class IssuerKeys {
  private readonly http: HttpClient;
  private readonly clock: Clock;
  private readonly issuer: string;
  private keys: { readonly find: LocalJWKSet; readonly fetchedAt: number } | undefined;
  private failures = 0;
  private failure: unknown;
  private nextFetch = Number.NEGATIVE_INFINITY;
  private fetching: Promise<void> | undefined;

  /** @param issuer `iss`, exactly */
  constructor(http: HttpClient, clock: Clock, issuer: string) {
    this.http = http;
    this.clock = clock;
    this.issuer = issuer;
  }

  /**
   * The one key that fits a token's header: its `kid`, and what the algorithm asks of a key. A `kid` is a name here and
   * nothing else.
   * @param name of the issuer in the policy, for messages
   * @throws NotAuthorised when the issuer has no such key
   * @throws IssuerUnavailable when it cannot be known what keys it has
   */
  async find(header: JWSHeaderParameters, name: string): Promise<CryptoKey> {
    if (this.age() >= times.fresh) await this.refresh();
    const known = await this.lookUp(header);
    if (known !== undefined) return known;
    await this.refresh();
    const found = await this.lookUp(header);
    if (found !== undefined) return found;
    if (this.failures === 0) throw refusedCredential('key unknown');
    throw this.unavailable(name);
  }

  private async lookUp(header: JWSHeaderParameters): Promise<CryptoKey | undefined> {
    if (this.keys === undefined || this.age() >= times.usable) return undefined;
    try {
      return await this.keys.find(header);
    } catch (error) {
      // Several keys and no `kid` (OpenID Connect Core §10.1 asks for one): trying all of them would multiply the work.
      if (error instanceof errors.JWKSMultipleMatchingKeys) throw refusedCredential('key ambiguous');
      // No key fits, or the one that does is no key after all: a point that is not on its curve.
      return undefined;
    }
  }

  /** Asks the issuer, unless it was asked a moment ago. Whoever comes meanwhile waits for the same answer. */
  private async refresh(): Promise<void> {
    if (this.fetching === undefined) {
      if (this.now() < this.nextFetch) return;
      this.fetching = this.fetch().finally(() => {
        this.fetching = undefined;
      });
    }
    await this.fetching;
  }

  /** Never rejects: what failed is remembered, and the keys that are known stay. */
  private async fetch(): Promise<void> {
    try {
      const find = createLocalJWKSet(await this.fetchInTime());
      this.keys = { find, fetchedAt: this.now() };
      this.failures = 0;
      this.failure = undefined;
      this.nextFetch = this.now() + times.betweenFetches;
    } catch (error) {
      this.failures += 1;
      this.failure = error;
      // A short fault should not last half a minute, a long one should not be asked after by every request.
      this.nextFetch = this.now() + Math.min(times.betweenFetches, 2 ** Math.min(this.failures, 10));
    }
  }

  private async fetchInTime() {
    const done = new AbortController();
    const late = new AbortController();
    this.clock.sleep(times.fetch, done.signal).then(
      () => late.abort(new IssuerUnavailable('The identity provider did not answer in time')),
      () => {},
    );
    try {
      return await fetchKeySet(this.http, this.issuer, late.signal);
    } finally {
      done.abort();
    }
  }

  private unavailable(name: string): IssuerUnavailable {
    const { failure } = this;
    const why = failure instanceof WeighbridgeError ? failure.message : 'its keys could not be read';
    return new IssuerUnavailable(`Keys of the identity provider "${name}" cannot be had now: ${why}`, {
      cause: failure,
      retryable: true,
      retryAfter: Math.max(1, Math.ceil(this.nextFetch - this.now())),
      evidence: { issuer: name, reason: 'keys of the issuer unavailable' },
    });
  }

  private age(): number {
    return this.keys === undefined ? Number.POSITIVE_INFINITY : this.now() - this.keys.fetchedAt;
  }

  /** Seconds. */
  private now(): number {
    return this.clock.now().getTime() / 1000;
  }
}
