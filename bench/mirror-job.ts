import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The program as users start it. */
export const weighbridge: readonly string[] = [process.execPath, join(import.meta.dirname, '../bin/weighbridge.js')];

export interface ServedFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/** Writes a manifest for files of a server, as `lock` would leave it. @returns Its path. */
export async function writeManifest(folder: string, origin: string, files: readonly ServedFile[]): Promise<string> {
  const path = join(folder, 'bench-1.0.0.yaml');
  const artifacts = files.map(
    ({ name, size, sha256 }) => `  - id: ${name}
    kind: checkpoint
    file: ${name}
    source: ${origin}/${name}
    sha256: ${sha256}
    size: ${size}
    digestFrom: declared
`,
  );
  const head = 'weighbridge: 1\ncollection: bench\nversion: 1.0.0\naccess: public\nartifacts:\n';
  await writeFile(path, head + artifacts.join(''));
  return path;
}

/** The command line that stages a manifest onto a folder, which also keeps the checkpoints. */
export function stageCommand(manifest: string, origin: string, folder: string): readonly string[] {
  const options = ['--to', `file:${join(folder, 'mirror')}`, '--state', join(folder, 'state')];
  return [...weighbridge, 'stage', manifest, ...options, '--trust-origin', origin, '--progress', 'none'];
}
