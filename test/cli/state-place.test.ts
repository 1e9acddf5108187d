import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StatePlace, statePlace } from '../../lib/cli/staging/open-state.ts';
import { commandOf, type MainResult, runMain } from './run-main.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-state-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** What a command gets that was given `--state`, and how it ends. */
async function place(
  written: string | undefined,
  stores: readonly string[] = [],
): Promise<{ readonly found: StatePlace | undefined; readonly result: MainResult }> {
  let found: StatePlace | undefined;
  const commands = commandOf(async (context) => {
    found = statePlace(context, written, stores);
    return 0;
  });
  return { result: await runMain(['try'], { cwd, commands }), found };
}

it.each([
  [undefined, '.weighbridge'],
  ['work', 'work'],
  ['file:./work', 'work'],
])('keeps state in a folder: %s', async (written, folder) => {
  const { found } = await place(written);
  expect(found).toMatchObject({ inBucket: false, folder: join(cwd, folder) });
});

it('keeps state in the bucket that weighbridge.yaml names, unless the command line names another place', async () => {
  await writeFile(join(cwd, 'weighbridge.yaml'), 'state: s3://acme-state/team\n');
  expect((await place(undefined)).found).toMatchObject({ inBucket: true, location: 's3://acme-state/team' });
  expect((await place('gs://other')).found).toMatchObject({ inBucket: true, location: 'gs://other' });
  expect((await place('here')).found).toMatchObject({ inBucket: false });
});

it.each([
  ['s3://acme/state', 's3://acme'],
  ['s3://acme/prod/state/', 's3://acme/prod'],
  ['s3://acme', 's3://acme/prod/'],
  ['gs://acme/a', 'gs://acme/a'],
])('refuses the state %s with the mirror %s', async (state, store) => {
  const { result } = await place(state, ['file:./mirror', store]);
  expect(result).toMatchObject({ code: 3, stderr: expect.stringContaining('bucket of its own') });
});

it.each([
  ['s3://acme/state', 's3://acme/prod'],
  ['s3://acme/prod-state', 's3://acme/prod'],
  ['s3://acme/state', 'gs://acme'],
  ['s3://acme-state', 's3://acme'],
])('takes the state %s with the mirror %s', async (state, store) => {
  expect((await place(state, [store])).result.code).toBe(0);
});

const slips = ['s4://acme-state', 's3:/acme-state', 'S3://acme-state', 'gcs://acme-state'];

it.each(['https://models.example.org', 's3://', 'gs://bucket/../x', ...slips])('knows no place %s', async (written) => {
  expect((await place(written)).result.code).toBe(2);
});
