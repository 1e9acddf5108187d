import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { underInstallLock } from './install-lock.ts';
import { type InstallPorts, installServers } from './install-servers.ts';
import { isInstalled, programFile, type ServerProgram, serverPrograms } from './server-programs.ts';

let cache: string;
let lines: string[];
let built: string[];
let cleaned: number;

beforeEach(async () => {
  cache = join(await mkdtemp(join(tmpdir(), 'weighbridge-install-')), 'cache');
  lines = [];
  built = [];
  cleaned = 0;
});

afterEach(() => rm(dirname(cache), { recursive: true }));

/** Writes a file instead of building, so that what the installer decides can be seen without a network. */
function ports(more: Partial<InstallPorts> = {}): InstallPorts {
  return {
    cache,
    programs: serverPrograms,
    builder: {
      async build(program) {
        await mkdir(dirname(programFile(program, cache)), { recursive: true });
        await writeFile(programFile(program, cache), program.pinned);
        built.push(program.name);
      },
      async clean() {
        cleaned += 1;
      },
    },
    report: (line) => lines.push(line),
    ...more,
  };
}

const names = serverPrograms.map((program) => program.name);

describe('installing the servers', () => {
  it('installs all of them, and the second time does nothing', async () => {
    expect(await installServers(ports())).toEqual([]);
    expect(built).toEqual(names);
    expect(cleaned).toBe(1);
    expect(await installServers(ports())).toEqual([]);
    expect(built).toEqual(names);
    expect(lines.at(-1)).toBe('all there: versitygw, MinIO, fake-gcs-server, gcp-storage-emulator, MiniStack');
    expect(await readdir(cache)).toEqual(['aws-emulator', 'bin', 'gcs-emulator']);
  });

  it('installs anew what is there in another version', async () => {
    const newer: ServerProgram[] = serverPrograms.map((program) =>
      program.name === 'minio' ? { ...program, pinned: `${program.pinned}-newer` } : program,
    );
    await installServers(ports());
    built = [];
    await installServers(ports({ programs: newer }));
    expect(built).toEqual(['minio']);
    expect(newer.every((program) => isInstalled(program, cache))).toBe(true);
  });

  it('installs the others when one cannot be, names it, and tries again the next time', async () => {
    const whole = ports();
    const builder = {
      ...whole.builder,
      async build(program: ServerProgram) {
        if (program.name === 'versitygw') throw new Error('python3 is missing');
        await whole.builder.build(program);
      },
    };
    const failed = await installServers(ports({ builder }));
    expect(failed.map((program) => program.name)).toEqual(['versitygw']);
    expect(lines).toContain('versitygw: not installed. python3 is missing');
    expect(built).toEqual(names.slice(1));
    expect(cleaned).toBe(1);
    built = [];
    expect(await installServers(whole)).toEqual([]);
    expect(built).toEqual(['versitygw']);
  });

  it('does not vouch for the old program when the new one could not be built', async () => {
    await installServers(ports());
    const newer = serverPrograms.map((program) => ({ ...program, pinned: `${program.pinned}-newer` }));
    const builder = { build: () => Promise.reject(new Error('no network')), clean: async () => undefined };
    expect(await installServers(ports({ programs: newer, builder }))).toHaveLength(names.length);
    expect(serverPrograms.some((program) => isInstalled(program, cache))).toBe(false);
  });

  it('is done once when two are at it', async () => {
    await mkdir(cache, { recursive: true });
    await Promise.all([installServers(ports()), installServers(ports())]);
    expect(built.toSorted()).toEqual(names.toSorted());
  });
});

describe('the lock of the installer', () => {
  const lock = () => join(cache, 'lock');
  const options = { onWait: () => undefined, every: 0.01, looks: 300 };

  beforeEach(() => mkdir(cache, { recursive: true }));

  it('lets one in at a time', async () => {
    let inside = 0;
    let most = 0;
    const visit = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, () => underInstallLock(lock(), visit, options)));
    expect(most).toBe(1);
    expect(await readdir(cache)).toEqual([]);
  });

  it('is taken from a process that died', async () => {
    // Above what Linux gives out, so nobody's.
    await writeFile(lock(), '4194305');
    expect(await underInstallLock(lock(), async () => 'in', options)).toBe('in');
  });

  it('is not taken from one that lives, which is named', async () => {
    await writeFile(lock(), String(process.ppid));
    const waited: number[] = [];
    const refused = underInstallLock(lock(), async () => 'in', {
      onWait: (pid) => waited.push(pid),
      every: 0.001,
      looks: 5,
    });
    await expect(refused).rejects.toThrow(`process ${process.ppid} still holds ${lock()}`);
    expect(waited).toEqual([process.ppid]);
  });

  it('is given back when the action fails', async () => {
    const failing = underInstallLock(lock(), () => Promise.reject(new Error('no disk')), options);
    await expect(failing).rejects.toThrow('no disk');
    expect(await readdir(cache)).toEqual([]);
  });
});
