import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** A small release, made up for the proof. */
export interface ProofRelease {
  readonly collection: string;
  readonly version: string;
  readonly access: 'public' | 'private';
  /** Its manifest, in the folder. */
  readonly manifest: string;
  /** Bytes by path. */
  readonly files: Readonly<Record<string, Buffer>>;
}

/** Large enough for an upload in parts, small enough to cost nothing. */
const weightsBytes = 18 << 20;

/** Writes files and manifest of a release into a folder. */
export async function makeRelease(folder: string, access: ProofRelease['access']): Promise<ProofRelease> {
  const collection = `proof-${access}`;
  const files = { 'weights.bin': randomBytes(weightsBytes), 'config.json': Buffer.from(`{"access":"${access}"}\n`) };
  await mkdir(join(folder, access), { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, access, name), bytes);
  const manifest = `${collection}.yaml`;
  const artifacts = Object.entries(files).map(([file, bytes]) => ({
    id: file.replace(/\..*$/, ''),
    kind: file === 'weights.bin' ? 'checkpoint' : 'config',
    file,
    source: `file:${access}/${file}`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
  }));
  await writeFile(
    join(folder, manifest),
    stringify({ weighbridge: 1, collection, version: '1.0.0', access, license: 'CC0-1.0', artifacts }),
  );
  return { collection, version: '1.0.0', access, manifest, files };
}
