import {
  type CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { requireClean } from '../support/require-no-leaks.ts';

/**
 * What functions logged, line by line in the order of time, of all log groups whose names begin so.
 * @throws Error where one of them shows a secret
 */
export async function readLogs(logs: CloudWatchLogsClient, logGroupNamePrefix?: string): Promise<readonly string[]> {
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
  const found = await Promise.all(
    logGroups.map(async ({ logGroupName }) => {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
      return events;
    }),
  );
  const lines = found
    .flat()
    .toSorted((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0))
    .flatMap(({ message }) => message ?? []);
  requireClean(lines.join('\n'), `logs of ${logGroupNamePrefix ?? 'all functions'}`);
  return lines;
}
