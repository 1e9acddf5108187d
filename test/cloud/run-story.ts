import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { type AttemptPlace, submissionKey } from '../../lib/contract/cloud/state-keys.ts';
import { executionsOf } from './executions.ts';
import { readLogs } from './read-logs.ts';

/** Lines of the logs, and events of an execution, shown at most. */
const linesShown = 30;
const eventsShown = 16;

/** What Step Functions and the functions' logs say about a run, for the message of a test that failed. */
export async function runStory(
  { sfn, logs }: { readonly sfn: SFNClient; readonly logs: CloudWatchLogsClient },
  stateMachineArn: string,
  place: AttemptPlace,
): Promise<string> {
  const executions: string[] = [];
  for (const executionArn of await executionsOf(sfn, stateMachineArn)) {
    const { status, input = '', error, cause } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (!input.includes(submissionKey(place))) continue;
    const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, reverseOrder: true }));
    const happened = events.slice(0, eventsShown).map(eventLine).reverse();
    executions.push([`${executionArn} ${status} ${error ?? ''} ${cause ?? ''}`, input, ...happened].join('\n  '));
  }
  const lines = (await readLogs(logs)).filter((line) => line.includes(place.run));
  return [
    `Executions of attempt ${place.attempt}:`,
    ...executions,
    `Logs of run ${place.run}:`,
    ...lines.slice(-linesShown).map((line) => line.trim().slice(0, 600)),
  ].join('\n');
}

/** The type of an event and what is told with it, on one line. */
function eventLine({ type, ...more }: HistoryEvent): string {
  const details = Object.entries(more).find(([name]) => name.endsWith('EventDetails'))?.[1];
  return details === undefined ? `${type}` : `${type} ${JSON.stringify(details).slice(0, 300)}`;
}
