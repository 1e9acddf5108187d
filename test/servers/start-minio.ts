import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { rootCredentials, type S3Server, s3Access } from './server-access.ts';
import { installedFile } from './server-programs.ts';
import { startServer } from './start-server.ts';

/** MinIO: the S3 server of another code base, whose completion of a multipart upload is instant. */
export async function startMinio(): Promise<S3Server> {
  const server = await startServer({
    name: 'minio',
    program: installedFile('minio'),
    args: (port, folder) => ['server', '--quiet', '--address', `127.0.0.1:${port}`, join(folder, 'data')],
    env: () => ({
      MINIO_ROOT_USER: rootCredentials.accessKeyId,
      MINIO_ROOT_PASSWORD: rootCredentials.secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    }),
    prepare: async (folder) => {
      await mkdir(join(folder, 'data'));
    },
    health: '/minio/health/ready',
    serves,
  });
  return { ...server, ...s3Access(server) };
}

/** It says that it is ready before it knows its users: until then every request ends as `XMinioServerNotInitialized`. */
async function serves(endpoint: string): Promise<boolean> {
  const { region, credentials } = s3Access({ url: endpoint });
  const client = new S3Client({ region, credentials, endpoint, forcePathStyle: true, maxAttempts: 1 });
  try {
    await client.send(new ListBucketsCommand({}));
    return true;
  } finally {
    client.destroy();
  }
}
