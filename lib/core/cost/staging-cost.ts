import type { PriceTable } from '../../contract/cloud/prices.ts';
import { gcsChunkSize, partCount, s3PartSize } from '../stores/part-sizes.ts';
import { type CostLine, costLine, gigabyte } from './cost-line.ts';

/** Bytes a second that one function moves: 625 Mbit/s, at any memory below 2 GB (facts of AWS Lambda's network). */
export const lambdaBytesPerSecond = 75 * 2 ** 20;

/** Artifacts up to here go into batches, and into the store by one request. */
const smallArtifact = 16 * 2 ** 20;
const batchArtifacts = 200;
const batchBytes = 2 ** 30;

/** Seconds that a function works for an artifact besides moving bytes: requests to upstream, store and state. */
const secondsPerArtifact = 0.5;
/** Small artifacts that a function works on at once, at least. */
const atOnce = 8;
/** Seconds of the functions that plan, publish and report, all together. */
const secondsAround = 20;

export interface StagingWork {
  /** Bytes of every artifact that is to be moved. */
  readonly sizes: readonly number[];
  /** Copies in Google Cloud Storage. */
  readonly gcsReplicas: number;
  /** MiB of a function. */
  readonly memory: number;
  /** Seconds of one pass. */
  readonly timeoutSeconds: number;
}

/**
 * What a run in the cloud costs in which nothing is retried. Bytes from upstream are free to receive; what their
 * owner pays for sending them is not counted.
 */
export function stagingCost(work: StagingWork, table: PriceTable): readonly CostLine[] {
  const { sizes, gcsReplicas } = work;
  const bytes = sum(sizes);
  const small = sizes.filter((size) => size <= smallArtifact);
  const large = sizes.filter((size) => size > smallArtifact);
  const items = large.length + Math.max(Math.ceil(small.length / batchArtifacts), Math.ceil(sum(small) / batchBytes));
  const parts = sum(large.map((size) => partCount(size, s3PartSize(size))));
  const chunks = sum(large.map((size) => partCount(size, gcsChunkSize())));
  const gigabytes = work.memory / 1024;
  const secondsAsking = (large.length + small.length / atOnce) * secondsPerArtifact;
  const secondsOfPass = (moved: number) => moved / lambdaBytesPerSecond + secondsAsking;
  const passes = items + Math.floor(bytes / lambdaBytesPerSecond / work.timeoutSeconds);
  // Working state: a checkpoint for every part, a lease and a result for every item, and what the run itself keeps.
  const state = parts + 6 * items + 20;
  // Before each checkpoint it is asked whether a later submission took this one's place.
  const looks = parts + 2 * sizes.length + 4 * items + 40;
  const lines = [
    costLine(table, 's3Writes', 'objects and parts written', small.length + parts + 2 * large.length + 6),
    costLine(table, 's3Writes', 'working state', state),
    costLine(table, 's3Reads', 'looking at the store and the state', looks),
    costLine(table, 'lambdaArm', 'moving bytes', (secondsOfPass(bytes) + secondsAround) * gigabytes),
    costLine(table, 'lambdaRequests', 'calls of functions', passes + 4),
    costLine(table, 'stepFunctions', 'steps', 4 * passes + 12),
  ];
  if (gcsReplicas === 0) return lines;
  return [
    ...lines,
    costLine(table, 'awsEgress', 'from S3 to Google Cloud', (gcsReplicas * bytes) / gigabyte),
    costLine(table, 'lambdaArm', 'copying to Google Cloud', gcsReplicas * secondsOfPass(bytes) * gigabytes),
    costLine(table, 's3Reads', 'reading what is copied', gcsReplicas * (sizes.length + 2 * parts)),
    costLine(table, 's3Writes', 'working state of the copies', gcsReplicas * (chunks + 6 * items)),
    costLine(table, 'gcsWrites', 'objects written in Google Cloud', gcsReplicas * (sizes.length + 6)),
    costLine(table, 'lambdaRequests', 'calls of functions that copy', gcsReplicas * passes),
    costLine(table, 'stepFunctions', 'steps of the copies', gcsReplicas * 4 * passes),
  ];
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
