import type { S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../clock.ts';
import { ServerClock } from './server-clock.ts';

const known = new WeakMap<S3Client, WeakMap<Clock, ServerClock>>();

/** The clock of the server behind a client, learnt from every answer, refusals included; one for all stores on it. */
export function serverClockOf(client: S3Client, clock: Clock): ServerClock {
  const clocks = known.get(client) ?? new WeakMap<Clock, ServerClock>();
  known.set(client, clocks);
  const found = clocks.get(clock);
  if (found !== undefined) return found;
  const learning = new ServerClock(clock);
  clocks.set(clock, learning);
  client.middlewareStack.add(
    (next) => async (args) => {
      const sent = clock.now().getTime();
      const result = await next(args);
      learning.learn(dateOf(result.response), sent, clock.now().getTime());
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  return learning;
}

function dateOf(response: unknown): string | undefined {
  const headers = (response as { headers?: Readonly<Record<string, string>> } | undefined)?.headers;
  return headers?.date;
}
