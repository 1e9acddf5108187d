import { type GcsServer, gcsAccess } from './server-access.ts';
import { installedFile } from './server-programs.ts';
import { startServer } from './start-server.ts';

/**
 * gcp-storage-emulator, in memory: a resumable upload can be asked for its status and continued by another process.
 * It ignores preconditions.
 */
export async function startGcsEmulator(): Promise<GcsServer> {
  const server = await startServer({
    name: 'gcp-storage-emulator',
    program: installedFile('gcp-storage-emulator'),
    args: (port) => ['start', '--host=127.0.0.1', `--port=${port}`, '--in-memory', '--quiet'],
    health: '/',
  });
  return { ...server, ...gcsAccess(server) };
}
