import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  ListExecutionsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { eventually } from './eventually.ts';

/** How an execution ended, with its input and output parsed. */
export interface EndedExecution {
  readonly arn: string;
  readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  readonly input: unknown;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** Waits for an execution to end, however it does. @throws Error when it does not within so many seconds (50). */
export function waitForExecution(sfn: SFNClient, executionArn: string, seconds = 50): Promise<EndedExecution> {
  return eventually(
    `the end of ${executionArn}`,
    async () => ended(await sfn.send(new DescribeExecutionCommand({ executionArn }))),
    { seconds },
  );
}

/** The executions of a state machine, oldest first; running ones too. */
export async function executionsOf(sfn: SFNClient, stateMachineArn: string): Promise<readonly string[]> {
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  return executions
    .toSorted((one, other) => Number(one.startDate) - Number(other.startDate))
    .flatMap(({ executionArn }) => executionArn ?? []);
}

function ended(execution: DescribeExecutionOutput): EndedExecution | undefined {
  const { executionArn = '', status, input, output, error, cause } = execution;
  if (status === undefined || status === 'RUNNING' || status === 'PENDING_REDRIVE') return undefined;
  const parsed = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
  return { arn: executionArn, status, input: parsed(input), output: parsed(output), error, cause };
}
