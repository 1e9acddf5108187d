import pLimit from 'p-limit';
import { type ByteRange, rangeLength, splitRange } from '../byte-range.ts';
import type { Crc32c } from '../digest/crc32c.ts';
import type { Sha256 } from '../digest/sha256.ts';
import { retry } from '../retry.ts';
import type { StartedUpload } from './begin-upload.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import { copyInto } from './copy-into.ts';
import { fetchRange, retryDeps, tooLong, tooShort } from './fetch.ts';
import { type Frontier, PartSink } from './part-sink.ts';
import { ProgressMeter } from './progress-meter.ts';
import type { TransferJob, TransferPorts } from './transfer-job.ts';

/** Range size in bytes: large enough that a request's overhead vanishes, small enough that a crash costs little. */
export const rangeSize = 8 << 20;

/** Parts beyond those that are being fetched: while one is written and hashed, the next is fetched. */
const partsAhead = 1;

/** Bytes beyond the last checkpoint after which a transfer waits for the state store: what a crash may cost. */
const crashWindow = 128 << 20;

export interface MovedBytes {
  readonly sha256: Sha256;
  readonly crc32c: Crc32c;
}

/**
 * Moves what is missing of an upload by ranges in parallel. On failure the checkpoint stays at the last part
 * before which nothing is missing, and no write is under way any more.
 */
export async function moveByRanges(
  job: TransferJob,
  started: StartedUpload,
  ports: TransferPorts,
): Promise<MovedBytes> {
  const { upload } = started;
  const failure = new AbortController();
  const signal = AbortSignal.any([ports.signal, failure.signal]);
  const meter = new ProgressMeter(job.id, job.size, started.offset, ports.reporter);
  const checkpoints = new CheckpointWriter(job.checkpoints, started.offset, (error) => failure.abort(error));
  const sink = new PartSink({
    ...started,
    start: started,
    onFrontier: (frontier) => {
      if (frontier.offset < job.size) checkpoints.offer(toCheckpoint(job, started, frontier));
    },
  });
  const fetching = pLimit(ports.ranges);
  const window = Math.ceil((ports.ranges * Math.min(rangeSize, upload.partSize)) / upload.partSize) + partsAhead;
  const inFlight = new Set<Promise<void>>();

  const movePart = async (part: ByteRange): Promise<void> => {
    const slot = await ports.memory.acquire(Math.min(upload.partSize, job.size), signal);
    const move = async () => {
      try {
        await Promise.all(
          [...splitRange(part.start, part.end, rangeSize)].map((range) =>
            fetching(async () => {
              signal.throwIfAborted();
              const target = slot.bytes.subarray(range.start - part.start, range.end - part.start);
              await fetchRange(job, range, target, ports, signal, (count) => meter.add(count));
            }),
          ),
        );
      } catch (error) {
        slot.release();
        throw error;
      }
      await sink.accept(part.start / upload.partSize + 1, rangeLength(part), slot, signal);
    };
    const task: Promise<void> = move()
      .catch((error: unknown) => failure.abort(error))
      .finally(() => inFlight.delete(task));
    inFlight.add(task);
  };

  try {
    for (const part of splitRange(started.offset, job.size, upload.partSize)) {
      while (inFlight.size >= window) await Promise.race(inFlight);
      await checkpoints.keepUp(part.end, crashWindow);
      await movePart(part);
    }
    await Promise.all(inFlight);
    signal.throwIfAborted();
    const moved = await sink.finish();
    meter.end();
    return moved;
  } catch (error) {
    failure.abort(error);
    throw error;
  } finally {
    await Promise.all(inFlight);
    await checkpoints.settle();
    started.hash.drop();
  }
}

function toCheckpoint(job: TransferJob, started: StartedUpload, frontier: Frontier) {
  const { description } = job.source;
  return {
    uploadId: started.upload.id,
    partSize: started.upload.partSize,
    offset: frontier.offset,
    hashState: frontier.hashState === undefined ? undefined : Buffer.from(frontier.hashState).toString('base64'),
    crc32c: frontier.crc32c.base64,
    source: description.source,
    sourceVersion: description.version,
  };
}

/**
 * Moves the whole object in one request, for upstreams that do not serve ranges; every retry starts over.
 * @param begin Makes an upload at byte zero.
 */
export async function moveAsStream(
  job: TransferJob,
  begin: () => Promise<StartedUpload>,
  ports: TransferPorts,
): Promise<{ readonly moved: MovedBytes; readonly started: StartedUpload }> {
  return await retry(
    async () => {
      const started = await begin();
      try {
        return { started, moved: await streamOnce(job, started, ports) };
      } catch (error) {
        await started.upload.abort();
        throw error;
      } finally {
        started.hash.drop();
      }
    },
    ports.retry,
    retryDeps(job, ports, ports.signal),
  );
}

async function streamOnce(job: TransferJob, started: StartedUpload, ports: TransferPorts): Promise<MovedBytes> {
  const { partSize } = started.upload;
  const { signal } = ports;
  const sink = new PartSink({ ...started, start: started, onFrontier: () => undefined });
  const meter = new ProgressMeter(job.id, job.size, 0, ports.reporter);
  let number = 1;
  let filled = 0;
  const slotSize = Math.min(partSize, job.size);
  let slot = await ports.memory.acquire(slotSize, signal);
  try {
    for await (const chunk of job.source.read(undefined, signal)) {
      ports.onFetched(chunk.byteLength);
      meter.add(chunk.byteLength);
      if ((number - 1) * partSize + filled + chunk.byteLength > job.size) throw tooLong(job);
      for (let at = 0; at < chunk.byteLength; ) {
        const piece = chunk.subarray(at, at + partSize - filled);
        copyInto(slot.bytes, filled, piece);
        filled += piece.byteLength;
        at += piece.byteLength;
        if (filled < partSize) continue;
        await sink.accept(number, filled, slot, signal);
        number += 1;
        filled = 0;
        slot = await ports.memory.acquire(slotSize, signal);
      }
    }
    if ((number - 1) * partSize + filled < job.size) throw tooShort(job);
    if (filled > 0) await sink.accept(number, filled, slot, signal);
    meter.end();
    return await sink.finish();
  } finally {
    slot.release();
  }
}
