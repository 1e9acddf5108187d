import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ByteRange } from '../byte-range.ts';
import { resolveBelow } from '../manifest/resolve-below.ts';
import { checkStart, pointerLimit } from './content-sniff.ts';
import { checkDescription, type SourceExpectation } from './expectation.ts';
import type { PrivateMirrors } from './private-mirrors.ts';
import { type ResolvedSource, type Source, type SourceDescription, SourceError } from './source.ts';
import type { FileRef } from './source-ref.ts';

/** Bytes of one read: as fast as larger ones, and a range needs no more memory than that. */
const chunkSize = 256 * 1024;

/** A file below the manifest's own directory. Messages name it as the manifest does. */
export class FileSource implements Source {
  readonly uri: string;
  private readonly path: string;
  private readonly directory: string;
  private readonly expect: SourceExpectation;
  private readonly refused: PrivateMirrors | undefined;

  /**
   * @param directory the manifest's own directory, absolute.
   * @param refused mirrors whose files must not be read, because the bytes become public.
   */
  constructor(ref: FileRef, directory: string, expect: SourceExpectation, refused?: PrivateMirrors) {
    this.refused = refused;
    this.uri = `file:${ref.path}`;
    this.path = ref.path;
    this.directory = directory;
    this.expect = expect;
  }

  async resolve(): Promise<ResolvedSource> {
    const file = await this.open();
    try {
      const stat = await file.stat({ bigint: true });
      const description: SourceDescription = {
        source: this.uri,
        size: Number(stat.size),
        version: versionOf(stat),
        revision: undefined,
        sha256: undefined,
        mediaType: undefined,
      };
      // A pointer that was not smudged would be published as a file of its own; its size is the only hint.
      if (this.expect.size !== description.size) await this.lookAtStart(file);
      checkDescription(description, this.expect);
      return {
        description,
        ranges: true,
        cheapToReread: true,
        read: (range, signal) => this.read(description, range, signal),
      };
    } finally {
      await file.close();
    }
  }

  /** Opened anew for each read, and checked to be the file that was resolved, before and after. */
  private async *read(
    { version, size = 0 }: SourceDescription,
    range: ByteRange = { start: 0, end: size },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (range.end > size) throw new SourceError('wrong-size', `${this.uri} has only ${size} bytes`);
    const file = await this.open();
    // One for all pieces: eight files read into a new one each time left 90 MiB to the garbage collector.
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, range.end - range.start));
    try {
      await this.checkVersion(file, version);
      for (let at = range.start; at < range.end; ) {
        signal.throwIfAborted();
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, range.end - at), at);
        if (bytesRead === 0) throw this.changed();
        at += bytesRead;
        // Before the last bytes are handed over: whoever counts may stop reading once it has them all.
        if (at === range.end) await this.checkVersion(file, version);
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  private async open(): Promise<FileHandle> {
    const path = await resolveBelow(this.directory, this.path);
    if ((await this.refused?.hold(path)) === true) {
      throw new SourceError('forbidden', `${this.uri} lies in a mirror of private releases; this one is public`, {
        hint: 'Say "access: private", or take the file from where it came from.',
      });
    }
    try {
      // Links were resolved, so none may have come since; a pipe must not make us wait.
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      if ((await file.stat()).isFile()) return file;
      await file.close();
    } catch (error) {
      throw this.unreadable(error);
    }
    throw new SourceError('missing', `${this.uri} is no regular file`);
  }

  private async lookAtStart(file: FileHandle): Promise<void> {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(pointerLimit), { position: 0 });
    checkStart(buffer.subarray(0, bytesRead), this.uri, this.expect);
  }

  private async checkVersion(file: FileHandle, version: string | undefined): Promise<void> {
    if (versionOf(await file.stat({ bigint: true })) !== version) throw this.changed();
  }

  private changed(): SourceError {
    return new SourceError('changed', `${this.uri} was changed while it was being read`);
  }

  private unreadable(error: unknown): SourceError {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const outcome = code === 'ENOENT' ? 'missing' : code === 'EACCES' || code === 'EPERM' ? 'unauthorised' : 'broken';
    return new SourceError(outcome, `${this.uri} cannot be opened (${code})`, { evidence: { code } });
  }
}

/** Size, time of change in nanoseconds, and inode: a file that is replaced or written to has another. */
function versionOf(stat: BigIntStats): string {
  return `${stat.size}-${stat.mtimeNs}-${stat.ino}`;
}
