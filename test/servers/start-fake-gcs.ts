import { type GcsServer, gcsAccess } from './server-access.ts';
import { installedFile } from './server-programs.ts';
import { startServer } from './start-server.ts';

/**
 * fake-gcs-server, in memory: preconditions, generations and refused checksums are as in GCS. A status query of a
 * resumable upload is not (it finalises the object), and objects above 64 MiB take memory quadratically.
 */
export async function startFakeGcs(): Promise<GcsServer> {
  const server = await startServer({
    name: 'fake-gcs-server',
    program: installedFile('fake-gcs-server'),
    args: (port) => [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'],
      ...['-public-host', `127.0.0.1:${port}`, '-external-url', `http://127.0.0.1:${port}`, '-log-level', 'error'],
    ],
    health: '/_internal/healthcheck',
  });
  return { ...server, ...gcsAccess(server) };
}
