import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { RunningServers, SharedServerName } from './running-servers.ts';
import { gcsAccess, s3Access } from './server-access.ts';
import { isInstalled, serverProgram } from './server-programs.ts';
import { startFakeGcs } from './start-fake-gcs.ts';
import { startGcsEmulator } from './start-gcs-emulator.ts';
import { startMinio } from './start-minio.ts';
import type { RunningServer } from './start-server.ts';
import { startVersitygw } from './start-versitygw.ts';

const starters: Readonly<Record<SharedServerName, () => Promise<RunningServer>>> = {
  versitygw: startVersitygw,
  minio: startMinio,
  'fake-gcs-server': startFakeGcs,
  'gcp-storage-emulator': startGcsEmulator,
};

/** Starts what is installed, once per run, tells the tests where it is, and stops it when they are done. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = new Map<SharedServerName, RunningServer>();
  const stop = async () => {
    await Promise.all([...running.values()].map((server) => server.stop()));
  };
  const names = (Object.keys(starters) as SharedServerName[]).filter((name) => isInstalled(serverProgram(name)));
  const started = await Promise.allSettled(names.map(async (name) => running.set(name, await starters[name]())));
  const failure = started.find((each) => each.status === 'rejected');
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  project.provide('servers', accessTo(running));
  const folder = await mkdtemp(join(tmpdir(), 'weighbridge-shared-'));
  const bundles = join(folder, 'bundles');
  project.provide('bundlesFolder', bundles);
  // What is built was built of other sources.
  project.onTestsRerun(() => rm(bundles, { recursive: true, force: true }));
  return async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
}

function accessTo(running: ReadonlyMap<SharedServerName, RunningServer>): RunningServers {
  const s3 = (name: SharedServerName) => describe(running.get(name), s3Access);
  const gcs = (name: SharedServerName) => describe(running.get(name), gcsAccess);
  return {
    s3: { versitygw: s3('versitygw'), minio: s3('minio') },
    gcs: { 'fake-gcs-server': gcs('fake-gcs-server'), 'gcp-storage-emulator': gcs('gcp-storage-emulator') },
  };
}

function describe<Access>(
  server: RunningServer | undefined,
  as: (server: RunningServer) => Access,
): Access | undefined {
  return server === undefined ? undefined : as(server);
}
