import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Servers that nobody here wrote, in the versions that the tests were written against. */
export type ServerName = 'versitygw' | 'minio' | 'fake-gcs-server' | 'gcp-storage-emulator';

export interface ServerProgram {
  readonly name: ServerName;
  /** As its makers write it. */
  readonly title: string;
  readonly kind: 'go' | 'python';
  /** What `go install` or `pip install` is asked for; it is also what the version marker holds. */
  readonly pinned: string;
}

export const serverPrograms: readonly ServerProgram[] = [
  {
    name: 'versitygw',
    title: 'versitygw',
    kind: 'go',
    pinned: 'github.com/versity/versitygw/cmd/versitygw@v1.8.0',
  },
  {
    name: 'minio',
    title: 'MinIO',
    kind: 'go',
    pinned: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
  },
  {
    name: 'fake-gcs-server',
    title: 'fake-gcs-server',
    kind: 'go',
    pinned: 'github.com/fsouza/fake-gcs-server@v1.56.1',
  },
  {
    name: 'gcp-storage-emulator',
    title: 'gcp-storage-emulator',
    kind: 'python',
    pinned: 'gcp-storage-emulator==2026.7.19',
  },
];

/** Where the installer puts them; Git ignores it. */
export const serversCache: string = join(import.meta.dirname, '../../.cache');

export function serverProgram(name: ServerName): ServerProgram {
  const program = serverPrograms.find((each) => each.name === name);
  if (program === undefined) throw new Error(`no server is called ${name}`);
  return program;
}

/** The file that starts it, whether or not it is there. */
export function programFile(program: ServerProgram, cache: string = serversCache): string {
  return program.kind === 'go' ? join(cache, 'bin', program.name) : join(cache, 'gcs-emulator/bin', program.name);
}

/** The file that says which version is installed. It is written last, so what it names is whole. */
export function versionMarker(program: ServerProgram, cache: string = serversCache): string {
  return program.kind === 'go'
    ? join(cache, 'bin', `${program.name}.version`)
    : join(cache, 'gcs-emulator', 'installed.version');
}

/** Is exactly the pinned version installed? */
export function isInstalled(program: ServerProgram, cache: string = serversCache): boolean {
  const marker = versionMarker(program, cache);
  return (
    existsSync(marker) &&
    existsSync(programFile(program, cache)) &&
    readFileSync(marker, 'utf8').trimEnd() === program.pinned
  );
}

/** @throws Error that names the command which installs it. */
export function installedFile(name: ServerName): string {
  const program = serverProgram(name);
  if (!isInstalled(program)) throw new Error(`${program.title} is not installed: run "npm run servers"`);
  return programFile(program);
}
