import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientSettings } from '../../cloud/client-settings.ts';
import { deployTemplate } from '../../cloud/deploy-template.ts';
import { eventually } from '../../cloud/eventually.ts';
import { waitForExecution } from '../../cloud/executions.ts';
import { functionProcesses } from '../../cloud/function-processes.ts';
import { waitForProcessEnd } from '../../cloud/wait-for-process-end.ts';
import { lacksAwsEmulator } from '../running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from '../start-aws-emulator.ts';
import { inlineFunction } from './inline-function.ts';
import { stateMachine } from './state-machine.ts';

// Whoever may read what is thrown: a name, a message, and whether it is thrown at once or later.
const script = `
  let calls = 0;
  exports.handler = (event) => {
    calls += 1;
    if (event.hang) {
      require('node:fs').appendFileSync(event.hang, process.pid + '\\n');
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    }
    if (!event.name) return Promise.resolve({ calls, node: process.version });
    class Thrown extends Error { name = event.name; }
    const error = new Thrown(event.message);
    if (event.atOnce) throw error;
    return Promise.reject(error);
  };`;

// As the pipeline's: an error by its name, a process that ended, a call out of time.
const definition = {
  StartAt: 'Call',
  States: {
    Call: {
      ...{ Type: 'Task', Resource: `\${Thrower}`, End: true },
      Retry: [{ ErrorEquals: ['Again', 'Runtime.ExitError'], MaxAttempts: 1, IntervalSeconds: 1, BackoffRate: 1 }],
      Catch: [
        { ErrorEquals: ['Expected'], Next: 'Caught', ResultPath: '$.error' },
        { ErrorEquals: ['Sandbox.Timedout'], Next: 'Late' },
      ],
    },
    Caught: { Type: 'Pass', End: true },
    Late: { Type: 'Pass', Result: 'late', End: true },
  },
};

describe.skipIf(lacksAwsEmulator())('functions of MiniStack', () => {
  let emulator: AwsEmulator;
  let lambda: LambdaClient;
  let sfn: SFNClient;

  beforeAll(async () => {
    emulator = await startAwsEmulator();
    lambda = new LambdaClient({ ...clientSettings(emulator), maxAttempts: 1 });
    sfn = new SFNClient(clientSettings(emulator));
    const cloudFormation = new CloudFormationClient(clientSettings(emulator));
    const Resources = {
      ...inlineFunction('Thrower', script, 2),
      ...inlineFunction('Patient', script, 60),
      ...stateMachine('machine', definition, ['Thrower']),
      ...stateMachine('patient', JSON.parse(JSON.stringify(definition).replace('Thrower', 'Patient')), ['Patient']),
    };
    await deployTemplate(cloudFormation, 'functions', { Resources });
    cloudFormation.destroy();
  });

  afterAll(async () => {
    lambda?.destroy();
    sfn?.destroy();
    await emulator?.stop();
  });

  async function call(event: object, FunctionName = 'Thrower') {
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
    );
    return { FunctionError, answer: JSON.parse(Payload?.transformToString() ?? '') as unknown };
  }

  async function run(event: object, machine = 'machine') {
    const stateMachineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${machine}`;
    return sfn.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(event) }));
  }

  const outcome = async (event: object) => waitForExecution(sfn, (await run(event)).executionArn ?? '');

  it('run on the Node of the tests', async () => {
    expect((await call({})).answer).toMatchObject({ node: process.version });
  });

  it.each([true, false])('say the name of what they throw (at once: %s)', async (atOnce) => {
    expect(await call({ name: 'Named', message: 'of weights', atOnce })).toEqual({
      FunctionError: 'Unhandled',
      answer: {
        ...{ errorType: 'Named', errorMessage: 'of weights' },
        trace: expect.arrayContaining(['Named: of weights']),
      },
    });
  });

  it('are called again in the same process after they threw', async () => {
    const { answer: before } = await call({});
    await call({ name: 'Named' });
    const { answer: after } = await call({});
    expect((after as { calls: number }).calls).toBe((before as { calls: number }).calls + 2);
  });

  it('are matched by that name in a state machine', async () => {
    const caught = await outcome({ name: 'Expected', message: 'as it should' });
    expect(caught).toMatchObject({ status: 'SUCCEEDED', output: { error: { Error: 'Expected' } } });
    const { Cause } = (caught.output as { error: { Cause: string } }).error;
    expect(JSON.parse(Cause)).toMatchObject({ errorType: 'Expected', errorMessage: 'as it should' });
    expect(await outcome({ name: 'Other', message: 'no' })).toMatchObject({ status: 'FAILED', error: 'Other' });
  });

  /** A file that each hanging call adds its process to, and the processes in it. */
  function hangingCalls(name: string) {
    const hang = join(emulator.folder, name);
    const pids = () => (existsSync(hang) ? readFileSync(hang, 'utf8').split('\n').slice(0, -1).map(Number) : []);
    return { hang, pid: (index: number) => eventually(`hanging call ${index}`, async () => pids()[index]) };
  }

  it('that are out of time are told so', async () => {
    const { hang } = hangingCalls('late');
    expect(await outcome({ hang })).toMatchObject({ status: 'SUCCEEDED', output: 'late' });
  });

  it('whose process is killed in the middle of a call fail with Runtime.ExitError, and are retried', async () => {
    const { hang, pid } = hangingCalls('killed');
    const { executionArn = '' } = await run({ hang }, 'patient');
    const first = await pid(0);
    expect(await functionProcesses(emulator, 'Patient')).toEqual([{ pid: first, name: 'Patient' }]);
    process.kill(first, 'SIGKILL');
    process.kill(await pid(1), 'SIGKILL');
    const { status, error, cause = '' } = await waitForExecution(sfn, executionArn);
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'Runtime.ExitError' });
    expect(JSON.parse(cause)).toMatchObject({ errorMessage: expect.stringContaining('Runtime exited') });
  });

  it('end with the emulator, in the middle of a call too', async () => {
    const { hang, pid } = hangingCalls('left');
    const running = call({ hang }, 'Patient').catch(() => 'cut');
    const left = await pid(0);
    process.kill(emulator.pid, 'SIGKILL');
    expect(await running).toBe('cut');
    await waitForProcessEnd(left);
  });
});
