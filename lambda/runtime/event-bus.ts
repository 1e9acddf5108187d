import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { eventSource, eventTypes } from '../../lib/contract/cloud/metrics.ts';
import type { RunEnded } from '../../lib/contract/cloud/run-ended.ts';
import { ServiceError, serviceError } from './service-error.ts';

const clients = new Map<string, EventBridgeClient>();
const doing = 'telling the event bus that the run has ended';

/**
 * Puts the end of a run on the default bus of the account, where others wait for it. It may come there twice.
 * @throws NotAuthorised, ServiceError
 */
export async function putEvent(event: RunEnded, region: string): Promise<void> {
  const client = clients.get(region) ?? new EventBridgeClient({ region });
  clients.set(region, client);
  const entry = { Source: eventSource, DetailType: eventTypes.ended, Detail: JSON.stringify(event) };
  const answer = await client.send(new PutEventsCommand({ Entries: [entry] })).catch((error: unknown) => {
    throw serviceError(error, doing);
  });
  // One that was not taken is no error to the SDK.
  const code = answer.Entries?.[0]?.ErrorCode;
  if ((answer.FailedEntryCount ?? 0) === 0 && code === undefined) return;
  throw new ServiceError(`${doing} failed (${code ?? 'unknown'})`, { retryable: true, evidence: { code } });
}
