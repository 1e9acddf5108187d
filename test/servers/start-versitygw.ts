import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCredentials, type S3Server, s3Access } from './server-access.ts';
import { installedFile } from './server-programs.ts';
import { startServer } from './start-server.ts';

export interface VersitygwOptions {
  /** Can buckets be versioned? Default true. */
  readonly versions?: boolean;
  /** The socket of an identity service. Default: nobody but root. */
  readonly identities?: string;
}

export const versitygwEnv: Readonly<Record<string, string>> = {
  ROOT_ACCESS_KEY: rootCredentials.accessKeyId,
  ROOT_SECRET_KEY: rootCredentials.secretAccessKey,
};

/**
 * versitygw: S3 over a folder. With `--sidecar`, since the list of about 800 parts no longer fits into extended
 * attributes. Its Complete copies the object.
 */
export async function startVersitygw({ versions = true, identities }: VersitygwOptions = {}): Promise<S3Server> {
  const server = await startServer({
    name: 'versitygw',
    program: installedFile('versitygw'),
    args: (port, folder) => [
      ...['--port', `127.0.0.1:${port}`, '--health', '/healthz', '--keep-alive', '--quiet', '--iam-cache-disable'],
      ...(identities === undefined ? ['--iam-dir', join(folder, 'iam')] : ['--iam-standalone-endpoint', identities]),
      ...['posix', '--sidecar', join(folder, 'meta')],
      ...(versions ? ['--versioning-dir', join(folder, 'versions')] : []),
      join(folder, 'root'),
    ],
    env: () => versitygwEnv,
    prepare: async (folder) => {
      for (const name of ['iam', 'meta', 'versions', 'root']) await mkdir(join(folder, name));
    },
    health: '/healthz',
  });
  return { ...server, ...s3Access(server) };
}
