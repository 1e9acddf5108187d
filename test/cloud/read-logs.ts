import {
  type CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';

/** What functions logged, line by line in the order of time, of all log groups whose names begin so. */
export async function readLogs(logs: CloudWatchLogsClient, logGroupNamePrefix?: string): Promise<readonly string[]> {
  const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
  const found = await Promise.all(
    logGroups.map(async ({ logGroupName }) => {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
      return events;
    }),
  );
  return found
    .flat()
    .toSorted((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0))
    .flatMap(({ message }) => message ?? []);
}
