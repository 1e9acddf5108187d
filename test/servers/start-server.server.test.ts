import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gcsServer, s3Server } from './running-servers.ts';
import { isInstalled, serverProgram } from './server-programs.ts';
import { startFakeGcs } from './start-fake-gcs.ts';
import { startGcsEmulator } from './start-gcs-emulator.ts';
import { startMinio } from './start-minio.ts';
import { startServer } from './start-server.ts';
import { startVersitygw } from './start-versitygw.ts';

describe.each([
  ['versitygw', startVersitygw, s3Server('versitygw')?.endpoint],
  ['minio', startMinio, s3Server('minio')?.endpoint],
  ['fake-gcs-server', startFakeGcs, gcsServer('fake-gcs-server')?.apiEndpoint],
  ['gcp-storage-emulator', startGcsEmulator, gcsServer('gcp-storage-emulator')?.apiEndpoint],
] as const)('%s', (name, start, shared) => {
  const here = isInstalled(serverProgram(name));

  it.skipIf(!here)('runs beside the tests where it is installed', async () => {
    const response = await fetch(shared ?? '');
    await response.arrayBuffer();
    expect(response.status).toBeGreaterThan(0);
  });

  it.skipIf(!here)('is started a second time on a port of its own, and stopped without a trace', async () => {
    const server = await start();
    expect(server.url).not.toBe(shared);
    expect(existsSync(server.folder)).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.folder)).toBe(false);
  });
});

describe('a server that cannot run', () => {
  it('is given up with what it printed', async () => {
    const recipe = { name: 'grumpy', program: process.execPath, health: '/' };
    const start = startServer({ ...recipe, args: () => ['-e', 'console.error("no such disk"); process.exit(3)'] });
    await expect(start).rejects.toThrow(/grumpy ended before it was ready:\nno such disk/);
  });

  it('is given up when there is no such program', async () => {
    const start = startServer({ name: 'absent', program: '/no/such/program', args: () => [], health: '/' });
    await expect(start).rejects.toThrow(/absent could not be started/);
  });
});

describe('a server that ignores SIGTERM', () => {
  it('is killed', async () => {
    const stubborn = `process.on('SIGTERM', () => {});
      require('node:http').createServer((_, answer) => answer.end()).listen(Number(process.argv[1]), '127.0.0.1');`;
    const server = await startServer({
      name: 'stubborn',
      program: process.execPath,
      args: (port) => ['-e', stubborn, String(port)],
      health: '/',
    });
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.folder)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
