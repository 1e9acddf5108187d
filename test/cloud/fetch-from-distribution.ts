import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { AwsEmulator } from '../servers/start-aws-emulator.ts';

export interface DistributionAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/**
 * Asks a CloudFront distribution of an emulator, as a viewer by https.
 * @param domain As its stack gives it out, `d1234.cloudfront.net`.
 * @param path With a slash before it; as it goes over the wire.
 */
export function fetchFromDistribution(
  emulator: AwsEmulator,
  domain: string,
  path: string,
  {
    method = 'GET',
    headers = {},
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<DistributionAnswer> {
  const { hostname, port } = new URL(emulator.url);
  return new Promise((resolve, reject) => {
    // Not `fetch`, which sets Host by the address and changes the path.
    const sent = request({
      ...{ hostname, port, path, method, agent: false },
      headers: { ...headers, host: domain, 'x-forwarded-proto': 'https' },
    });
    sent.on('error', reject).on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      const taken = answer.headers as Record<string, string | undefined>;
      buffer(answer).then((body) => resolve({ status, headers: taken, body }), reject);
    });
    sent.end();
  });
}
