import { DigestMismatch } from '../errors.ts';
import type { MirrorReader } from '../mirror/mirror-reader.ts';
import { parallelRead } from '../mirror/parallel-read.ts';
import type { ReleaseArtifact } from '../registry/records.ts';
import { fileError } from '../stores/file-errors.ts';
import { examineFile } from './local-file.ts';
import { PartialDownload } from './partial-download.ts';
import type { PullContext } from './pull-context.ts';
import { withLock } from './wait-for-lock.ts';

export interface FetchedFile {
  /** `present`: another process put it there while this one waited. */
  readonly state: 'present' | 'fetched';
  readonly bytesFetched: number;
}

/**
 * Brings one artifact to its place, proven. Until then whatever lies there stays as it is.
 * @param counted told of every byte that arrived, also when the fetch fails later
 * @throws DigestMismatch, WrongSize, NotFound, NotAuthorised, Refused, MirrorError
 */
export async function fetchFile(
  context: PullContext,
  reader: MirrorReader,
  artifact: ReleaseArtifact,
  counted: (bytes: number) => void,
): Promise<'present' | 'fetched'> {
  const { root, clock, reporter, signal } = context;
  const target = await root.prepareFor(artifact.file);
  const onWait = () =>
    reporter.emit({ type: 'note', message: `${artifact.file}: another process is fetching it; waiting for that` });
  return await withLock(root.lockPath(artifact.sha256), clock, signal, onWait, async () => {
    if (!context.force && (await examineFile(target, artifact, context.hashes)) === 'valid') return 'present';
    const resumed = await download(context, reader, artifact, target, counted);
    if (resumed === 'installed') return 'fetched';
    // What an earlier run left was wrong, not necessarily what the mirror sent: once more from the first byte.
    if ((await download(context, reader, artifact, target, counted)) === 'installed') return 'fetched';
    throw new DigestMismatch(`${artifact.file} changed while it was being read twice`);
  });
}

/** `stale`: bytes that were continued, or came under several tags, did not lead to the right digest; they are gone now. */
async function download(
  context: PullContext,
  reader: MirrorReader,
  artifact: ReleaseArtifact,
  target: string,
  counted: (bytes: number) => void,
): Promise<'installed' | 'stale'> {
  const { id, path, size, sha256 } = artifact;
  const { reporter, root } = context;
  const progress = (done: number) => reporter.emit({ type: 'progress', id, done, total: size });
  const tags = new Set<string | undefined>();
  const partial = await PartialDownload.open(root.partialPath(sha256), { size, sha256 }, context.hashes, progress);
  try {
    let done = partial.resumedFrom;
    let tag = partial.etag;
    const bytes = parallelRead(reader, {
      key: path,
      size,
      from: done,
      etag: tag,
      clock: context.clock,
      signal: context.signal,
      onBytes: counted,
      onOpen: (etag) => {
        tag = etag;
        tags.add(etag);
      },
      onRetry: (reason, inSeconds) => reporter.emit({ type: 'retry', id, reason, inSeconds }),
    });
    let remembered: string | undefined;
    for await (const chunk of bytes) {
      if (remembered !== tag) {
        remembered = tag;
        await partial.remember(tag);
      }
      await partial.append(chunk);
      done += chunk.length;
      progress(done);
    }
    await partial.install(target);
    return 'installed';
  } catch (error) {
    if (error instanceof DigestMismatch && (partial.resumedFrom > 0 || tags.size > 1)) return 'stale';
    throw fileError(error, `writing ${artifact.file}`, artifact.file);
  } finally {
    await partial.close();
  }
}
