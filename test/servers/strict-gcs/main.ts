import { startStrictGcs } from './start-strict-gcs.ts';

/**
 * The strict server as a process of its own, for tests that kill its clients: writes one line of JSON
 * (`url`, `token`, `key`), and runs until it is told to stop.
 * Arguments: names of buckets, `--write-interval=MILLISECONDS`.
 */
const names = process.argv.slice(2).filter((each) => !each.startsWith('--'));
const interval = process.argv.find((each) => each.startsWith('--write-interval='))?.split('=')[1];
const { url, token, key, stop } = await startStrictGcs({
  buckets: Object.fromEntries(names.map((name) => [name, { versioning: { enabled: true } }])),
  ...(interval === undefined ? {} : { writeInterval: Number(interval) }),
});
process.stdout.write(`${JSON.stringify({ url, token, key })}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
