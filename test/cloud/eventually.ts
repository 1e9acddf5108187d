import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until there is an answer.
 * @param what Names what is waited for, in the message of the error.
 * @param ask Answers undefined as long as it is not there.
 * @throws Error when there is none within so many seconds; by default a little less than a test may take
 */
export async function eventually<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined>,
  { seconds = 50, everyMs = 50 }: { readonly seconds?: number; readonly everyMs?: number } = {},
): Promise<Answer> {
  const until = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > until) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(everyMs);
  }
}
