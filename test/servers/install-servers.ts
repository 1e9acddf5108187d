import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { underInstallLock } from './install-lock.ts';
import { isInstalled, programFile, type ServerProgram, versionMarker } from './server-programs.ts';

/** Puts programs where `programFile` says. */
export interface ServerBuilder {
  /** @throws Error that says what the machine lacks. */
  build(program: ServerProgram): Promise<void>;
  /** Removes what only building needed. */
  clean(): Promise<void>;
}

export interface InstallPorts {
  /** An absolute path; made if it is not there. */
  readonly cache: string;
  readonly programs: readonly ServerProgram[];
  readonly builder: ServerBuilder;
  readonly report: (line: string) => void;
}

/**
 * Installs what is not there in its pinned version. What is there is left alone, and two that run at once do it once.
 * @returns the programs that could not be installed; the others are.
 */
export async function installServers(ports: InstallPorts): Promise<readonly ServerProgram[]> {
  const { cache, programs, report } = ports;
  if (programs.every((program) => isInstalled(program, cache))) {
    report(`all there: ${programs.map((program) => program.title).join(', ')}`);
    return [];
  }
  await mkdir(cache, { recursive: true });
  return underInstallLock(join(cache, 'install.lock'), () => installMissing(ports), {
    onWait: (pid) => report(`process ${pid} is installing; waiting for it`),
  });
}

async function installMissing({ cache, programs, builder, report }: InstallPorts): Promise<ServerProgram[]> {
  const failed: ServerProgram[] = [];
  for (const program of programs) {
    // Asked again: somebody may have installed it while this process waited.
    if (isInstalled(program, cache)) {
      report(`${program.title}: there`);
      continue;
    }
    report(`${program.title}: installing ${program.pinned}`);
    const began = performance.now();
    try {
      await install(program, cache, builder);
      report(`${program.title}: installed in ${Math.round((performance.now() - began) / 1000)} s`);
    } catch (error) {
      failed.push(program);
      report(`${program.title}: not installed. ${error instanceof Error ? error.message : error}`);
    }
  }
  await builder.clean();
  return failed;
}

async function install(program: ServerProgram, cache: string, builder: ServerBuilder): Promise<void> {
  const marker = versionMarker(program, cache);
  // The old marker goes first: at no time does one vouch for a program that is half replaced.
  await rm(marker, { force: true });
  await builder.build(program);
  await writeFile(`${marker}.new`, `${program.pinned}\n`);
  await rename(`${marker}.new`, marker);
  if (!isInstalled(program, cache)) throw new Error(`${programFile(program, cache)} is not there after all`);
}
