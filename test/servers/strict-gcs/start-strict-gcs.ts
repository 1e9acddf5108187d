import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Storage } from '@google-cloud/storage';
import { OAuth2Client } from 'google-auth-library';
import { createGcsStorage } from '../../../lib/core/stores/create-gcs-storage.ts';
import { StrictGcs, type StrictGcsOptions } from './strict-gcs.ts';

/** A service account whose key signs URLs that the server accepts. */
export interface ServiceAccountKey {
  readonly type: 'service_account';
  readonly client_email: string;
  readonly private_key: string;
}

export interface RunningStrictGcs {
  readonly url: string;
  /** A bearer token that allows everything. */
  readonly token: string;
  readonly key: ServiceAccountKey;
  readonly server: StrictGcs;
  stop(): Promise<void>;
}

/** Starts the strict server on a free port of 127.0.0.1. */
export async function startStrictGcs(
  options: Partial<StrictGcsOptions> & { readonly port?: number } = {},
): Promise<RunningStrictGcs> {
  const token = `strict-${randomUUID()}`;
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const clientEmail = 'signer@strict.example.org';
  const strict = new StrictGcs({
    ...options,
    tokens: { [token]: 'all', ...options.tokens },
    accounts: [...(options.accounts ?? []), { clientEmail, publicKey: pair.publicKey }],
  });
  const server = createServer((request, response) => {
    strict.handle(request, response).catch(() => request.socket.destroy());
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    key: { type: 'service_account', client_email: clientEmail, private_key: pair.privateKey },
    server: strict,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A client of a server that takes bearer tokens. */
export function storageWithToken(url: string, token: string): Storage {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: token });
  return createGcsStorage({ apiEndpoint: url, authClient, projectId: 'strict' });
}
