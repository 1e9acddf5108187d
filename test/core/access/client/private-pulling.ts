import { onTestFinished } from 'vitest';
import { AccessApi, type AccessApiOptions } from '../../../../lib/core/access/client/access-api.ts';
import { AccessApiMirror } from '../../../../lib/core/access/client/access-api-mirror.ts';
import type { AccessCredentials } from '../../../../lib/core/access/client/access-credentials.ts';
import { BearerToken } from '../../../../lib/core/access/client/bearer-token.ts';
import { createHttpClient } from '../../../../lib/core/http/create-http-client.ts';
import type { PrivateApi } from '../../../fixtures/private-api.ts';
import { hurried } from '../../../fixtures/pulling.ts';
import type { SignedStore } from '../../../fixtures/signed-store.ts';

export interface ReaderOptions extends Partial<AccessApiOptions> {
  readonly credentials?: AccessCredentials;
  readonly url?: string;
}

/** A client that trusts what it is told to and nothing else. */
export function httpFor(...urls: readonly string[]) {
  const http = createHttpClient({
    userAgent: 'weighbridge-test',
    trustedOrigins: urls.map((url) => new URL(url).origin),
    timeouts: { connect: 30, headers: 30, body: 30 },
  });
  onTestFinished(() => http.close());
  return http;
}

/** The mirror that a holder of the token sees. */
export function readerFor(api: PrivateApi, stores: readonly SignedStore[], options: ReaderOptions = {}) {
  const { url = api.url, clock = hurried } = options;
  const http = options.http ?? httpFor(url, ...stores.map(({ origin }) => origin));
  const credentials = options.credentials ?? new BearerToken('the token of WEIGHBRIDGE_TOKEN', api.token);
  return new AccessApiMirror(new AccessApi(url, { http, credentials, clock }), http, clock);
}
