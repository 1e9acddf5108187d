import type { SourceGrants } from '../../lib/contract/cloud/source-grants.ts';
import type { Clock } from '../../lib/core/clock.ts';
import type { Credential } from '../../lib/core/http/credential.ts';
import { type TokenGrant, tokenGrants } from '../../lib/core/pipeline/token-grants.ts';
import { SourceError } from '../../lib/core/sources/source.ts';

/** Seconds after which a secret is read again: whoever replaces a token waits no longer than that. */
const keptFor = 300;

/** Reads a secret's text by name or ARN; undefined where it holds bytes instead. */
export type ReadSecret = (secret: string) => Promise<string | undefined>;

interface Kept {
  readonly value: Promise<string>;
  readonly readAt: number;
}

/**
 * Tokens that weighbridge.yaml grants, each read from Secrets Manager when a request to its origin is about to be
 * made. Whether they may be used for the bytes of a release is decided where its sources are opened.
 */
export class TokenSecrets {
  readonly #grants: readonly TokenGrant[];
  readonly #read: ReadSecret;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #seen = new Set<string>();

  constructor(tokens: SourceGrants['tokens'], read: ReadSecret, clock: Clock) {
    this.#grants = tokenGrants(tokens);
    this.#read = read;
    this.#clock = clock;
  }

  /** Values that were read, so that no text shows them. */
  get values(): readonly string[] {
    return [...this.#seen];
  }

  /** @throws SourceError `unauthorised` where a token is granted and cannot be had; without it others would seem to be missing. */
  async credentialFor(url: URL): Promise<Credential | undefined> {
    const grant = this.#grants.find(({ origins }) => origins.includes(url.origin));
    return grant?.credential(await this.#value(grant));
  }

  #value(grant: TokenGrant): Promise<string> {
    const now = this.#clock.now().getTime();
    const kept = this.#kept.get(grant.secret);
    if (kept !== undefined && now - kept.readAt < keptFor * 1000) return kept.value;
    const value = this.#fetch(grant);
    this.#kept.set(grant.secret, { value, readAt: now });
    value.catch(() => this.#kept.delete(grant.secret));
    return value;
  }

  async #fetch({ secret, field }: TokenGrant): Promise<string> {
    const what = `the secret of ${field}`;
    const hint = 'Put the token, and nothing else, into that secret, and let the function read it.';
    const text = await this.#read(secret).catch((cause: unknown) => {
      const retryable = typeof cause === 'object' && cause !== null && 'retryable' in cause && cause.retryable === true;
      throw new SourceError('unauthorised', `${what} cannot be read`, { cause, hint, retryable });
    });
    const value = text?.trim() ?? '';
    // What no header can hold is no token.
    if (!/^[\x20-\x7e]+$/.test(value)) throw new SourceError('unauthorised', `${what} holds no token`, { hint });
    this.#seen.add(value);
    return value;
  }
}
