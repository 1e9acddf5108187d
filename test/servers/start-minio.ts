import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
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
  });
  return { ...server, ...s3Access(server) };
}
