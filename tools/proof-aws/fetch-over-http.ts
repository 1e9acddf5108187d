import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An emulator that answers for the host, as if it had been asked by https. @default - the host itself */
  readonly by?: URL | undefined;
}

/** Asks once, without following redirects and without credentials; the path goes over the wire as it is. */
export function fetchOverHttp(
  url: { readonly protocol: 'http:' | 'https:'; readonly host: string; readonly path: string },
  { method = 'GET', headers = {}, by }: HttpOptions = {},
): Promise<HttpAnswer> {
  const asked = by ?? new URL(`${url.protocol}//${url.host}`);
  const send = asked.protocol === 'https:' ? tlsRequest : plainRequest;
  const { hostname, port } = asked;
  return new Promise((resolve, reject) => {
    const sent = send({
      ...{ hostname, port, path: url.path, method, agent: false, timeout: 60_000 },
      headers: {
        ...headers,
        ...(by === undefined ? {} : { host: url.host, 'x-forwarded-proto': url.protocol.slice(0, -1) }),
      },
    });
    sent.on('timeout', () => sent.destroy(new Error(`${url.host} did not answer for a minute`)));
    sent.on('error', reject).on('response', (answer) => {
      const taken = answer.headers as Record<string, string | undefined>;
      buffer(answer).then((body) => resolve({ status: answer.statusCode ?? 0, headers: taken, body }), reject);
    });
    sent.end();
  });
}
