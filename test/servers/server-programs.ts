import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Servers that nobody here wrote, in the versions that the tests were written against. */
export type ServerName = 'versitygw' | 'minio' | 'fake-gcs-server' | 'gcp-storage-emulator' | 'ministack';

interface Program {
  readonly name: ServerName;
  /** As its makers write it. */
  readonly title: string;
  /** What `go install` is asked for, or `pip install`, word by word; it is also what the version marker holds. */
  readonly pinned: string;
}

interface GoProgram extends Program {
  readonly kind: 'go';
}

interface PythonProgram extends Program {
  readonly kind: 'python';
  /** The virtual environment, below the cache. */
  readonly environment: string;
}

export type ServerProgram = GoProgram | PythonProgram;

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
    environment: 'gcs-emulator',
    pinned: 'gcp-storage-emulator==2026.7.19',
  },
  {
    name: 'ministack',
    title: 'MiniStack',
    kind: 'python',
    environment: 'aws-emulator',
    // Its botocore follows from boto3; the others are what it takes for KMS and for quick checksums.
    pinned: 'ministack==1.5.33 boto3==1.43.106 cryptography==50.0.2 google-crc32c==1.9.0',
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
  return program.kind === 'go'
    ? join(cache, 'bin', program.name)
    : join(environmentFolder(program, cache), 'bin', program.name);
}

/** The file that says which version is installed. It is written last, so what it names is whole. */
export function versionMarker(program: ServerProgram, cache: string = serversCache): string {
  return program.kind === 'go'
    ? join(cache, 'bin', `${program.name}.version`)
    : join(environmentFolder(program, cache), 'installed.version');
}

/** The folder of a program's virtual environment. */
export function environmentFolder(program: PythonProgram, cache: string = serversCache): string {
  return join(cache, program.environment);
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
