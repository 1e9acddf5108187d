import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { SignedIdentityRequest } from '../servers/google-token-service.ts';
import type { AwsEmulator } from '../servers/start-aws-emulator.ts';

/**
 * Puts a signed GetCallerIdentity request to an emulator, which checks its signature, as Google puts it to AWS.
 * @returns the ARN of the caller; undefined where the signature is nobody's
 */
export function callerInEmulator(emulator: AwsEmulator) {
  const { hostname, port } = new URL(emulator.url);
  return async ({ url, method, headers }: SignedIdentityRequest): Promise<string | undefined> => {
    const { pathname, search, host } = new URL(url);
    const answer = await new Promise<string>((resolve, reject) => {
      // Not `fetch`, which sets Host by the address: it is signed.
      const sent = request({
        ...{ hostname, port, method, path: pathname + search, agent: false },
        headers: { ...headers, host },
      });
      sent.on('error', reject).on('response', (response) => text(response).then(resolve, reject));
      sent.end();
    });
    return /<Arn>([^<]+)<\/Arn>/.exec(answer)?.[1];
  };
}
