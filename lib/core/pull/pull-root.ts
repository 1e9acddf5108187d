import { lstat, mkdir, realpath, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { privateFolder } from '../../contract/keys.ts';
import { NotAuthorised, Refused } from '../errors.ts';
import { fileNameFault } from '../mirror/file-name-fault.ts';
import { fileError } from '../stores/file-errors.ts';

/**
 * The folder that `pull` fills. Beside the files it keeps `.weighbridge/`: unfinished downloads (by digest, on the
 * same volume, so that a rename publishes them), locks, and copies of release records, by which `--check` and
 * `--offline` work without a mirror. No other file of the folder is ever touched.
 */
export class PullRoot {
  /** Absolute. */
  readonly folder: string;
  readonly #below: readonly string[];

  /** @param below folders between the root and the files of the release: collection and version in a cache */
  constructor(folder: string, below: readonly string[] = []) {
    this.folder = folder;
    this.#below = below;
  }

  /** Absolute path of a file. @throws Refused for a name that must not become a path. */
  path(file: string): string {
    return join(this.folder, ...this.#segments(file));
  }

  #segments(file: string): readonly string[] {
    const fault = fileNameFault(file);
    if (fault !== undefined) throw new Refused('names-collide', `${JSON.stringify(file)} ${fault}: not written`);
    return [...this.#below, ...file.split('/')];
  }

  partialPath(sha256: string): string {
    return join(this.folder, privateFolder, 'partial', sha256);
  }

  /** Locks are never removed, which would be a race; files share 256 of them, so that they stay few. */
  lockPath(sha256: string): string {
    return join(this.folder, privateFolder, 'locks', `${sha256.slice(0, 2)}.lock`);
  }

  /** Where the record of a release, or its collection's last known `latest`, is kept. */
  recordPath(collection: string, name: string): string {
    return join(this.folder, privateFolder, 'releases', collection, name);
  }

  /** Makes the private folder; Git is told to leave it alone. */
  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true }).catch((error: unknown) => {
      throw fileError(error, 'making the folder', '.');
    });
    const own = join(this.folder, privateFolder);
    for (const folder of [own, ...['partial', 'locks', 'releases'].map((part) => join(own, part))]) {
      await mkdir(folder).catch(ignoreExisting);
      if ((await lstat(folder)).isDirectory()) continue;
      throw new Refused('names-collide', `${privateFolder} in the folder is not a plain folder`, { hint: 'remove it' });
    }
    await writeFile(join(this.folder, privateFolder, '.gitignore'), '*\n', { flag: 'wx' }).catch(ignoreExisting);
  }

  /**
   * Makes a file's folders one by one, following no link that leads out of the root: a link that lies there must not
   * redirect what is written.
   * @returns the file's absolute path
   * @throws Refused where something on the way leads elsewhere or is no folder
   */
  async prepareFor(file: string): Promise<string> {
    const target = this.path(file);
    const root = await realpath(this.folder);
    let folder = this.folder;
    for (const segment of this.#segments(file).slice(0, -1)) {
      folder = join(folder, segment);
      await mkdir(folder).catch(ignoreExisting);
      const real = await realpath(folder);
      if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
        throw new Refused('names-collide', `a link on the way to ${file} leads out of the folder: not written`);
      }
      if (!(await lstat(real)).isDirectory()) {
        throw new Refused('names-collide', `a file stands where ${file} needs a folder`, { hint: 'move it away' });
      }
    }
    if ((await lstat(target).catch(() => undefined))?.isDirectory() === true) {
      throw new Refused('names-collide', `a folder stands where ${file} belongs`, { hint: 'move it away' });
    }
    return target;
  }
}

function ignoreExisting(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EEXIST') return;
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    throw new NotAuthorised('the folder cannot be written', { cause: error });
  }
  throw error;
}
