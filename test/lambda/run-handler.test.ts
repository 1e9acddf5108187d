import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type PipelineStep, pipelineHandler } from '../../lambda/run-handler.ts';
import { metricNames } from '../../lib/contract/cloud/metrics.ts';
import { NotAuthorised, Refused } from '../../lib/core/errors.ts';
import { NoProgress } from '../../lib/core/pipeline/pipeline-failures.ts';
import { StoreError } from '../../lib/core/stores/store.ts';
import { CodeFolder, deployment, lambdaContext, variables } from './deployed-handler.ts';

const input = z.object({ publisher: z.string(), run: z.string(), attempt: z.string() });
const event = { publisher: 'team', run: 'a'.repeat(32), attempt: '01JD0000000000000000000000' };
const key = { ...variables, AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'sEcReT/of+the+role' };

let folder: CodeFolder;
let written: string;

beforeEach(() => {
  folder = new CodeFolder();
  written = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  folder.remove();
});

function lines(): Record<string, unknown>[] {
  return written
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

type Run = PipelineStep<typeof input, unknown>['run'];

async function call(run: Run, given: unknown = event, with_ = key as Record<string, string>, seconds = 600) {
  const handler = pipelineHandler({ name: 'publish', input, run }, { folder: folder.path, variables: with_ });
  return await handler(given, lambdaContext(seconds));
}

async function failureOf(run: Run, given: unknown = event, with_ = key as Record<string, string>, seconds = 600) {
  const thrown = await call(run, given, with_, seconds).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof Error)) throw new Error('it should have failed');
  return thrown;
}

const throwing =
  (error: unknown): Run =>
  () =>
    Promise.reject(error);

describe('a function of the pipeline', () => {
  it('hands its input to the engine and returns what the engine says, with the ids of the run in its log', async () => {
    const output = await call(async ({ publisher }, { configuration, stateBucket, secondsLeft }) => {
      expect(secondsLeft()).toBeGreaterThan(590);
      expect(secondsLeft()).toBeLessThan(600);
      return { publisher, name: configuration.name, stateBucket };
    });
    expect(output).toEqual({ publisher: 'team', name: 'mirror', stateBucket: 'w-state' });
    expect(lines()).toMatchObject([
      { level: 'INFO', message: 'begins', state: 'publish', deployment: 'mirror', ...event },
      { level: 'INFO', message: 'ends', request: 'request-1', ...event, output },
    ]);
  });

  it('throws what another call may be spared as Unavailable, and everything else under its own name', async () => {
    const busy = new StoreError('s3://w-public did not answer', { retryable: true });
    expect(await failureOf(throwing(busy))).toMatchObject({ name: 'Unavailable', message: busy.message });
    const broken = new StoreError('s3://w-public is not a bucket');
    expect(await failureOf(throwing(broken))).toMatchObject({ name: 'StoreError', message: broken.message });
    expect(await failureOf(throwing(new NoProgress('stuck')))).toMatchObject({ name: 'NoProgress' });
    const refused = new NotAuthorised('writing: refused', { hint: 'Grant s3:PutObject.' });
    expect(await failureOf(throwing(refused))).toMatchObject({
      name: 'NotAuthorised',
      message: 'writing: refused\nGrant s3:PutObject.',
    });
    expect(await failureOf(throwing(new Refused('over-budget', 'too dear')))).toMatchObject({ name: 'Refused' });
    expect(await failureOf(throwing(new TypeError('x is not a function')))).toMatchObject({
      name: 'Unexpected',
      message: 'unexpected error: x is not a function',
    });
  });

  it('shows no key, no token and no signature, neither in what it throws nor in its log', async () => {
    const secrets = ['sEcReT/of+the+role', 'hidden-by-query', 'hidden-user'];
    const text = `GET https://${secrets[2]}@cdn.example/w.bin?X-Amz-Signature=${secrets[1]} with ${secrets[0]}`;
    const cause = new Error(text);
    const evidence = { url: `https://cdn.example/w?token=${secrets[1]}` };
    for (const error of [
      new StoreError(text, { cause, evidence, hint: text }),
      Object.assign(new Error(text), { stack: `Error: ${text}\n    at ${text}` }),
      text,
    ]) {
      const thrown = await failureOf(throwing(error));
      for (const secret of secrets) {
        expect(`${thrown.message} ${thrown.stack} ${JSON.stringify(thrown)}`).not.toContain(secret);
      }
      expect(thrown.message).toContain('https://cdn.example/w.bin?…');
    }
    expect(lines().filter(({ level }) => level === 'ERROR')).toHaveLength(3);
    for (const secret of secrets) expect(written).not.toContain(secret);
  });

  it('says which field of its input is wrong', async () => {
    const thrown = await failureOf(async () => 0, { ...event, run: 7 });
    expect(thrown).toMatchObject({ name: 'UsageError', message: expect.stringContaining('run: ') });
  });

  it('says which variable is missing, and what is wrong with the file beside its code', async () => {
    const { WEIGHBRIDGE_STATE_BUCKET: _, ...rest } = key as Record<string, string>;
    expect((await failureOf(async () => 0, event, rest)).message).toContain('WEIGHBRIDGE_STATE_BUCKET');
    folder.write({ ...deployment(), replicas: [{ collections: ['*'], to: ['tape' as 'gcs'] }] });
    expect((await failureOf(async () => 0)).message).toContain('deployment.json is not of this version: replicas.0');
  });

  it('stops work that does not stop by itself just before its time is over, as something to be called again', async () => {
    const waiting: Run = (_, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    expect(await failureOf(waiting, event, key, 1)).toMatchObject({ name: 'Unavailable' });
  });

  it('writes metrics with the one dimension that alarms look for, in every call, unless they are switched off', async () => {
    const counting: Run = async (_, __, { metrics }) => metrics.count(metricNames.passesThrottled, 1);
    await call(counting);
    await call(counting);
    const [metric, second] = lines().filter((line) => '_aws' in line);
    expect(second).toMatchObject({ Deployment: 'mirror' });
    expect(metric).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: 'Weighbridge', Dimensions: [['Deployment']] }] },
      Deployment: 'mirror',
      PassesThrottled: 1,
    });
    written = '';
    folder.write(deployment({ metrics: false }));
    await call(counting);
    expect(written).not.toContain('PassesThrottled');
  });
});
