/**
 * Seconds between passes that wait. A pass costs nine of the 25,000 events that an execution's history holds, so pauses
 * grow with what was waited already, by a twentieth of it: a day of waiting takes some 200 passes.
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
const shortest = 5;
const longest = 300;
const growth = 1 / 20;

/** Seconds until the next look, a different number for each who waits: a half more at most. */
export function nextPause(waited: number, random: () => number = Math.random): number {
  const least = Math.min(longest, Math.max(shortest, waited * growth));
  return Math.ceil(least * (1 + random() / 2));
}

/** Seconds that an item waits for upstreams in all; after that, one that still refuses counts as a source that failed. */
export const upstreamPatience = 12 * 3600;

/** Seconds that an item waits for its turn: for other items of this deployment, which may be very large. */
export const queuePatience = 7 * 24 * 3600;
