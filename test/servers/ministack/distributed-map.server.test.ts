import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, ListMapRunsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientSettings } from '../../cloud/client-settings.ts';
import { deployTemplate } from '../../cloud/deploy-template.ts';
import { type EndedExecution, waitForExecution } from '../../cloud/executions.ts';
import { mapRunCounts, readMapResults } from '../../cloud/map-results.ts';
import { lacksAwsEmulator } from '../running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from '../start-aws-emulator.ts';
import { stateMachine } from './state-machine.ts';

const Bucket = 'items';
const child = { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } };

/** A map whose children hand on their item, and fail where it says so. */
const map = (more: object) => ({
  ...{ Type: 'Map', Label: 'Each', MaxConcurrency: 1, End: true },
  ItemProcessor: {
    ...{ ...child, StartAt: 'Look' },
    States: {
      Look: {
        ...{ Type: 'Choice', Default: 'Good' },
        Choices: [{ Variable: '$.fails', BooleanEquals: true, Next: 'Bad' }],
      },
      Good: { Type: 'Pass', End: true },
      Bad: { Type: 'Fail', Error: 'Unwanted', Cause: 'as the item says' },
    },
  },
  ...more,
});
const machine = (state: object) => ({ StartAt: 'Map', States: { Map: state } });
const reader = (more: object) => ({
  Resource: 'arn:aws:states:::s3:getObject',
  ReaderConfig: { InputType: 'JSONL' },
  ...more,
});
const writer = (more: object) => ({ Resource: 'arn:aws:states:::s3:putObject', ...more });
const fromPath = reader({ Parameters: { Bucket, 'Key.$': '$.key' } });
const large = { Type: 'Pass', Parameters: { 'text.$': "States.Format('{}{}', $.text, $.text)" }, End: true };

const machines = {
  tolerant: machine(
    map({
      ToleratedFailurePercentage: 100,
      ItemReader: fromPath,
      ItemSelector: { 'fails.$': '$$.Map.Item.Value.fails', 'index.$': '$$.Map.Item.Index', 'run.$': '$.run' },
      ResultWriter: writer({ Parameters: { Bucket, Prefix: 'results' } }),
      ResultPath: '$.map',
    }),
  ),
  strict: machine(map({ ItemReader: fromPath })),
  counted: machine(map({ ItemReader: fromPath, ToleratedFailureCount: 1 })),
  jsonata: {
    QueryLanguage: 'JSONata',
    ...machine({
      ...{ Type: 'Map', End: true, MaxConcurrency: '{% $states.input.at %}' },
      ItemReader: reader({ Arguments: { Bucket, Key: '{% $states.input.key %}' } }),
      ItemSelector: { twice: '{% $states.context.Map.Item.Value.number * 2 %}' },
      ItemProcessor: {
        ...{ ...child, StartAt: 'Half' },
        States: { Half: { Type: 'Pass', Output: '{% { "half": $states.input.twice / 4 } %}', End: true } },
      },
      ResultWriter: writer({ Arguments: { Bucket, Prefix: 'jsonata' }, WriterConfig: { Transformation: 'COMPACT' } }),
      Output: '{% { "manifest": $states.result.ResultWriterDetails.Key } %}',
    }),
  },
  batched: machine(map({ ItemReader: fromPath, ItemBatcher: { MaxItemsPerBatch: 2 } })),
  large: machine({
    ...map({ ItemReader: fromPath }),
    ItemProcessor: { ...{ ...child, StartAt: 'Double' }, States: { Double: large } },
  }),
};

describe.skipIf(lacksAwsEmulator())('a Distributed Map of MiniStack', () => {
  let emulator: AwsEmulator;
  let s3: S3Client;
  let sfn: SFNClient;

  beforeAll(async () => {
    emulator = await startAwsEmulator();
    s3 = new S3Client(clientSettings(emulator));
    sfn = new SFNClient(clientSettings(emulator));
    await s3.send(new CreateBucketCommand({ Bucket }));
    const cloudFormation = new CloudFormationClient(clientSettings(emulator));
    const resources = Object.entries(machines).map(([name, definition]) => stateMachine(name, definition));
    await deployTemplate(cloudFormation, 'maps', { Resources: Object.assign({}, ...resources) });
    cloudFormation.destroy();
  });

  afterAll(async () => {
    s3?.destroy();
    sfn?.destroy();
    await emulator?.stop();
  });

  async function outcome(name: keyof typeof machines, items: readonly object[] | string, input: object = {}) {
    const Body = typeof items === 'string' ? items : items.map((item) => JSON.stringify(item)).join('\n');
    const key = `${name}.jsonl`;
    await s3.send(new PutObjectCommand({ Bucket, Key: key, Body }));
    const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;
    const start = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ key, ...input }) });
    return waitForExecution(sfn, (await sfn.send(start)).executionArn ?? '');
  }

  const counts = async ({ arn }: EndedExecution) => (await mapRunCounts(sfn, arn))[0];
  const good = { fails: false };
  const bad = { fails: true };

  it('writes what became of each item, and counts them', async () => {
    const execution = await outcome('tolerant', [good, bad, good], { run: 'a' });
    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { run: 'a' } });
    expect(await counts(execution)).toMatchObject({ total: 3, succeeded: 2, failed: 1, pending: 0, resultsWritten: 3 });
    const { map: result } = execution.output as {
      map: { MapRunArn: string; ResultWriterDetails: { Bucket: string; Key: string } };
    };
    expect(result.ResultWriterDetails.Key).toMatch(/^results\/[^/]+\/manifest\.json$/);
    const { mapRuns } = await sfn.send(new ListMapRunsCommand({ executionArn: execution.arn }));
    expect(mapRuns).toMatchObject([{ mapRunArn: result.MapRunArn }]);
    const { executions } = await sfn.send(new ListExecutionsCommand({ mapRunArn: result.MapRunArn }));
    expect(executions).toHaveLength(3);
    const { succeeded, failed } = await readMapResults(s3, result.ResultWriterDetails);
    expect(succeeded.map(({ Input, Output = '' }) => [JSON.parse(Input), JSON.parse(Output)])).toEqual(
      [0, 2].map((index) => [0, 1].map(() => ({ fails: false, index, run: 'a' }))),
    );
    expect(failed).toMatchObject([{ Status: 'FAILED', Error: 'Unwanted', Cause: 'as the item says' }]);
  });

  it('that tolerates no failure stops at the first', async () => {
    const execution = await outcome('strict', [good, bad, good, good]);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    expect(await counts(execution)).toMatchObject({ total: 4, succeeded: 1, failed: 1, aborted: 2 });
  });

  it('that tolerates one failure goes on after it', async () => {
    expect(await outcome('counted', [bad, good])).toMatchObject({ status: 'SUCCEEDED', output: [good] });
    expect(await outcome('counted', [bad, bad, good])).toMatchObject({ status: 'FAILED' });
  });

  it('speaks JSONata', async () => {
    const execution = await outcome('jsonata', [{ number: 2 }, { number: 4 }], { at: 2 });
    const { manifest } = execution.output as { manifest: string };
    const written = await s3.send(
      new GetObjectCommand({ Bucket, Key: manifest.replace('manifest.json', 'SUCCEEDED_0.json') }),
    );
    expect(JSON.parse((await written.Body?.transformToString()) ?? '')).toEqual([{ half: 1 }, { half: 2 }]);
  });

  it('of no items succeeds', async () => {
    expect(await outcome('strict', '')).toMatchObject({ status: 'SUCCEEDED', output: [] });
  });

  it('of a list that is not JSON fails as its reader does', async () => {
    expect(await outcome('strict', '{"fails":')).toMatchObject({ status: 'FAILED', error: 'States.ItemReaderFailed' });
  });

  it('hands on no more than 256 KiB', async () => {
    const text = 'x'.repeat(70 * 1024);
    expect(await outcome('large', [{ text }])).toMatchObject({ status: 'SUCCEEDED' });
    expect(await outcome('large', [{ text }, { text }])).toMatchObject({
      ...{ status: 'FAILED', error: 'States.DataLimitExceeded' },
    });
  });

  it('refuses ItemBatcher, which is not emulated', async () => {
    expect(await outcome('batched', [good])).toMatchObject({
      ...{ status: 'FAILED', cause: 'ItemBatcher is not emulated' },
    });
  });
});
