import { decodeJwt } from 'jose';
import * as z from 'zod';
import type { Clock } from '../../clock.ts';
import { NotAuthorised } from '../../errors.ts';
import type { HttpClient } from '../../http/http-client.ts';
import { sourceErrorFor } from '../../http/status-error.ts';
import { defaultRetryPolicy, retry } from '../../retry.ts';
import type { AccessCredentials, ApiRequest } from './access-credentials.ts';
import { bearer, checkToken, longestToken } from './bearer-token.ts';

/** What the runner of GitHub Actions gives a job with `permissions: id-token: write`. */
export interface GithubTokenRequest {
  readonly url: URL;
  /** Secret: it goes to the origin of `url` only. */
  readonly token: string;
}

const answerSchema = z.object({ value: z.string() });
/** Milliseconds before its end that a token is replaced: one that ends on its way is refused. */
const margin = 60_000;
/** Milliseconds for which nothing can have happened to a token. */
const freshFor = 10_000;

/**
 * The identity of a job of GitHub Actions, as a token for one audience; a fresh one before the old one ends (they
 * live for five to ten minutes, and a pull may take hours).
 * https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
 */
export class GithubIdToken implements AccessCredentials {
  readonly kind: string;
  readonly #request: GithubTokenRequest;
  readonly #http: HttpClient;
  readonly #clock: Clock;
  readonly #audience: string;
  #held: { readonly token: string; readonly asked: number; readonly until: number } | undefined;
  #coming: Promise<string> | undefined;

  constructor(request: GithubTokenRequest, audience: string, http: HttpClient, clock: Clock) {
    this.kind = `the GitHub Actions identity of this job (audience ${audience})`;
    this.#request = request;
    this.#audience = audience;
    this.#http = http;
    this.#clock = clock;
  }

  async headers(_request: ApiRequest, signal?: AbortSignal): Promise<Readonly<Record<string, string>>> {
    if (this.#held !== undefined && this.#clock.now().getTime() < this.#held.until) return bearer(this.#held.token);
    // One question for all who wait.
    this.#coming ??= this.#fetch().finally(() => {
      this.#coming = undefined;
    });
    const token = await this.#coming;
    signal?.throwIfAborted();
    return bearer(token);
  }

  /** Another token says the same of the same job: only one that has grown old is worth replacing. */
  async renew(): Promise<boolean> {
    const old = this.#held;
    this.#held = undefined;
    return old !== undefined && this.#clock.now().getTime() - old.asked > freshFor;
  }

  async #fetch(): Promise<string> {
    const url = new URL(this.#request.url);
    url.searchParams.set('audience', this.#audience);
    const deps = { clock: this.#clock, signal: new AbortController().signal };
    const asked = this.#clock.now().getTime();
    const answer = await retry(() => this.#ask(url), defaultRetryPolicy, deps);
    const token = checkToken(answer, this.kind);
    this.#held = { token, asked, until: asked + lifeOf(token) - margin };
    return token;
  }

  async #ask(url: URL): Promise<string> {
    const response = await this.#http.request({
      method: 'GET',
      url,
      headers: { ...bearer(this.#request.token), accept: 'application/json' },
      credentials: false,
      followRedirects: false,
    });
    if (response.status !== 200) {
      await response.discard();
      const failed = sourceErrorFor(response, { source: url.origin, now: this.#clock.now() });
      if (failed.retryable) throw failed;
      throw new NotAuthorised(`${this.kind}: GitHub issued no token (HTTP ${response.status})`, {
        hint: 'The job needs `permissions: id-token: write`.',
      });
    }
    const parsed = answerSchema.safeParse(parseJson(await response.text(2 * longestToken)));
    if (!parsed.success) throw new NotAuthorised(`${this.kind}: what GitHub answered holds no token`);
    return parsed.data.value;
  }
}

/** Milliseconds, by the token's own times, so that the clock of this machine does not matter. */
function lifeOf(token: string): number {
  try {
    const { iat, exp } = decodeJwt(token);
    if (iat !== undefined && exp !== undefined) return (exp - iat) * 1000;
  } catch {
    // Not a token that can be looked into: asked for anew every time.
  }
  return 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
