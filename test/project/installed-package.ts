import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { type ProgramResult, runProgram } from './run-program.ts';
import { root } from './source-files.ts';

type LockedPackage = Readonly<Record<string, unknown>>;

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Packs the project as `npm publish` would. @returns the path of the tarball */
export async function packProject(into: string): Promise<string> {
  mkdirSync(into, { recursive: true });
  const packed = await runProgram(npm, ['pack', '--silent', '--pack-destination', into], { cwd: root });
  const [tarball] = readdirSync(into).filter((name) => name.endsWith('.tgz'));
  if (packed.code !== 0 || tarball === undefined) throw new Error(`npm pack failed:\n${packed.stderr}${packed.stdout}`);
  return join(into, tarball);
}

/**
 * Installs a tarball with npm into somebody's own repository. It needs no network: the production dependencies are
 * copied from the checkout before, and the lock file says that they are the ones. Development dependencies are not there.
 */
export async function installTarball(tarball: string, repository: string): Promise<ProgramResult> {
  mkdirSync(repository, { recursive: true });
  const manifestPath = join(repository, 'package.json');
  const own = existsSync(manifestPath) ? readJson(manifestPath) : { name: 'models', private: true };
  const spec = `file:${relative(repository, tarball)}`;
  const manifest = { ...own, dependencies: { weighbridge: spec }, devDependencies: {} };
  writeFileSync(manifestPath, JSON.stringify(manifest));
  const { locked, present } = copyProductionDependencies(repository);
  const packages = { '': manifest, 'node_modules/weighbridge': lockedSelf(spec), ...locked };
  writeFileSync(join(repository, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
  // npm's own note of what it has installed: without it everything would be fetched again.
  const installed = { lockfileVersion: 3, packages: present };
  const note = join(repository, 'node_modules/.package-lock.json');
  writeFileSync(note, JSON.stringify(installed));
  // It counts only if no package is younger.
  utimesSync(note, Date.now() / 1000 + 60, Date.now() / 1000 + 60);
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return runProgram(npm, ['install', ...flags], { cwd: repository });
}

function lockedSelf(spec: string): LockedPackage {
  const { version, dependencies, bin, engines } = readJson(join(root, 'package.json'));
  return { version, resolved: spec, dependencies, bin, engines };
}

/** Entries of the lock file: of all production dependencies, and of those that this platform has. */
interface Dependencies {
  readonly locked: Readonly<Record<string, LockedPackage>>;
  readonly present: Readonly<Record<string, LockedPackage>>;
}

function copyProductionDependencies(repository: string): Dependencies {
  const lock = readJson(join(root, 'package-lock.json')) as { packages: Record<string, LockedPackage> };
  const locked = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && entry.dev !== true);
  const present = locked.filter(([path]) => existsSync(join(root, path)));
  const bin = join(repository, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  for (const [path, entry] of present) {
    const folder = join(root, path);
    for (const [name, file] of Object.entries(entry.bin ?? {})) {
      symlinkSync(join('..', relative('node_modules', path), String(file)), join(bin, name));
    }
    cpSync(folder, join(repository, path), {
      recursive: true,
      filter: (source) => source === folder || basename(source) !== 'node_modules',
    });
  }
  return { locked: Object.fromEntries(locked), present: Object.fromEntries(present) };
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8'));
}
