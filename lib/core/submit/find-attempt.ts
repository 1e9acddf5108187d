import { type AttemptPlace, reportsPrefix, submissionsPrefix } from '../../contract/cloud/state-keys.ts';
import type { Store } from '../stores/store.ts';
import { unlessRefused } from './not-yet.ts';

const attemptName = /^[^/]+\/[^/]+\/[0-9a-f]{32}\/([0-9A-HJKMNP-TV-Z]{26})(?:\/|\.json$)/;

/**
 * The latest attempt at a run, by any of these publishers. A publisher's role lists its own reports; an operator's also
 * the submissions that never became a run.
 * @returns undefined where there is none, or nothing may be listed.
 */
export async function latestAttempt(
  bucket: Store,
  publishers: readonly string[],
  run: string,
): Promise<AttemptPlace | undefined> {
  const found: AttemptPlace[] = [];
  for (const publisher of publishers) {
    for (const prefix of [reportsPrefix, submissionsPrefix]) {
      const attempts = await unlessRefused(() => attemptsBelow(bucket, `${prefix}${publisher}/${run}/`));
      for (const attempt of attempts ?? []) found.push({ publisher, run, attempt });
    }
  }
  // ULIDs sort by time.
  return found.sort((a, b) => (a.attempt < b.attempt ? 1 : -1))[0];
}

async function attemptsBelow(bucket: Store, prefix: string): Promise<readonly string[]> {
  const attempts: string[] = [];
  for await (const { key } of bucket.list(prefix)) {
    const attempt = attemptName.exec(key)?.[1];
    if (attempt !== undefined) attempts.push(attempt);
  }
  return attempts;
}
