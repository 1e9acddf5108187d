import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatedContent } from '../../upstream/content.ts';
import { generateRange } from '../../upstream/generate-bytes.ts';
import { startUpstream, type Upstream } from '../../upstream/upstream.ts';
import { type ProgramProcess, startProgram } from './program-process.ts';

export interface WantedFile {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** What the bytes are generated from; the file's name by default. */
  readonly seed?: string;
}

export interface TrueFile extends WantedFile {
  readonly seed: string;
  readonly sha256: string;
}

/** A release as it must be in the mirror, and the manifest that asks for it. */
export interface TrueRelease {
  readonly collection: string;
  readonly version: string;
  readonly files: readonly TrueFile[];
  /** Bytes of all files. */
  readonly bytes: number;
  readonly manifest: string;
}

const piece = 4 << 20;
const digests = new Map<string, string>();

/** SHA-256 in hex of what the upstream generates. */
function digestOf(seed: string, size: number): string {
  const name = `${seed}/${size}`;
  const known = digests.get(name);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += piece) hash.update(generateRange(seed, at, Math.min(size, at + piece)));
  const digest = hash.digest('hex');
  digests.set(name, digest);
  return digest;
}

/** An upstream that counts what it serves, manifests for it, and a folder in which the real program works on them. */
export class Workspace {
  readonly folder: string;
  readonly upstream: Upstream;
  private readonly processes: ProgramProcess[] = [];

  private constructor(folder: string, upstream: Upstream) {
    this.folder = folder;
    this.upstream = upstream;
  }

  static async open(): Promise<Workspace> {
    return new Workspace(await mkdtemp(join(tmpdir(), 'weighbridge-attack-')), await startUpstream());
  }

  get mirror(): string {
    return join(this.folder, 'mirror');
  }

  /** Where the program keeps checkpoints and leases. */
  get state(): string {
    return join(this.folder, '.weighbridge', 'state');
  }

  /** Puts files upstream and writes a manifest that asks for them. @param name Of the manifest's file. */
  async addRelease(
    collection: string,
    version: string,
    wanted: readonly WantedFile[],
    name = `${collection}-${version}`,
  ): Promise<TrueRelease> {
    const files = wanted.map(({ file, size, seed = file }) => ({ file, size, seed, sha256: digestOf(seed, size) }));
    const manifest = `${name}.yaml`;
    const lines = [
      'weighbridge: 1',
      `collection: ${collection}`,
      `version: ${version}`,
      'access: public',
      'artifacts:',
    ];
    for (const { file, size, seed, sha256 } of files) {
      const path = `/${collection}/${encodeURIComponent(seed)}/${encodeURIComponent(file)}`;
      this.upstream.put(path, generatedContent(seed, size));
      lines.push(`  - id: ${file.replaceAll('/', '-')}`, '    kind: checkpoint', `    file: ${file}`);
      lines.push(`    source: ${this.upstream.url(path)}`, `    sha256: ${sha256}`, `    size: ${size}`);
    }
    await writeFile(join(this.folder, manifest), `${lines.join('\n')}\n`);
    return { collection, version, files, bytes: files.reduce((sum, { size }) => sum + size, 0), manifest };
  }

  /** Starts `weighbridge`. @param folder Where; the workspace's own by default. */
  start(
    argv: readonly string[],
    variables: Readonly<Record<string, string>> = {},
    folder: string = this.folder,
  ): ProgramProcess {
    const started = startProgram(argv, folder, variables);
    this.processes.push(started);
    return started;
  }

  /** Starts `weighbridge stage`. */
  stage(
    release: TrueRelease,
    options: readonly string[] = [],
    variables: Readonly<Record<string, string>> = {},
  ): ProgramProcess {
    const quiet = ['--progress', 'none', '--json', '--trust-origin', this.upstream.origin];
    return this.start(['stage', release.manifest, ...options, ...quiet], variables);
  }

  /** Forgets mirror and state, so that the next run begins from nothing. */
  async clear(): Promise<void> {
    await rm(this.mirror, { recursive: true, force: true });
    await rm(join(this.folder, '.weighbridge'), { recursive: true, force: true });
    this.upstream.forgetRequests();
  }

  /** Names below a folder of the workspace that are no folders themselves; none where there is no such folder. */
  async filesIn(folder: string): Promise<readonly string[]> {
    await mkdir(folder, { recursive: true });
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
  }

  /** Text of a file, by its path in the workspace. */
  async text(file: string): Promise<string> {
    return await readFile(join(this.folder, file), 'utf8');
  }

  async registry(): Promise<{ serial: number; collections: Record<string, { versions: Record<string, unknown> }> }> {
    return JSON.parse(await this.text('mirror/registry.json'));
  }

  /** Kills what still runs, closes the upstream and removes the folder. */
  async close(): Promise<void> {
    for (const started of this.processes) {
      if (!started.running) continue;
      started.kill('SIGCONT');
      started.kill('SIGKILL');
    }
    await Promise.all(this.processes.map(({ ended }) => ended));
    await this.upstream.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
