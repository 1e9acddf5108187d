/**
 * Proves a deployment on a real account, in one command: `npm run proof:aws`. docs/real-account.md says what it does.
 *
 * It deploys under a throw-away name, stages two small releases through the pipeline, reads them as everybody and as
 * nobody may, destroys, deploys again onto what stayed, and takes everything away. One line per check.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { accessChecks } from './proof-aws/access-checks.ts';
import { apiChecks } from './proof-aws/api-checks.ts';
import { cdnChecks } from './proof-aws/cdn-checks.ts';
import { findCaller } from './proof-aws/find-caller.ts';
import { beginning, ending } from './proof-aws/life-checks.ts';
import { openProof } from './proof-aws/open-proof.ts';
import { releaseChecks } from './proof-aws/release-checks.ts';
import { type CheckResult, runChecks } from './proof-aws/run-checks.ts';
import { tearDown } from './proof-aws/tear-down.ts';
import type { ThrowAwayPlace } from './proof-aws/throw-away-deployment.ts';

const usage = 2;
const { values } = parseArgs({
  options: {
    yes: { type: 'boolean', default: false },
    bootstrap: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    emulator: { type: 'boolean', default: false },
    name: { type: 'string' },
    config: { type: 'string' },
    app: { type: 'string' },
    context: { type: 'string', multiple: true, default: [] },
  },
});

/** Whose credentials these are, or why there are none. */
async function placeOf(region: string): Promise<ThrowAwayPlace | string> {
  try {
    const caller = await findCaller(region);
    // Drawn anew each time, so that a proof that could not clean up is in nobody's way.
    return { ...caller, name: values.name ?? `proof-${randomBytes(3).toString('hex')}`, region };
  } catch (error) {
    return `There are no AWS credentials that work: ${(error as Error).message}`;
  }
}

async function agreed({ name, account, region }: ThrowAwayPlace): Promise<boolean> {
  console.log(
    `This deploys ${name} to ${account}, ${region}, twice, and takes it away again: about 20 minutes, a few cents.`,
  );
  if (values.yes) return true;
  if (!process.stdin.isTTY) {
    console.error('Nobody is here to agree: add --yes.');
    return false;
  }
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await asking.question(`Type ${name} to go on: `);
  asking.close();
  return answer.trim() === name;
}

function print({ name, state, said }: CheckResult): void {
  const [first = '', ...more] = said.split('\n');
  console.log([`${state.padEnd(8)}${name.padEnd(20)}${first}`, ...more.map((line) => `        ${line}`)].join('\n'));
}

async function prove(place: ThrowAwayPlace): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'weighbridge-proof-'));
  const address = process.env.AWS_ENDPOINT_URL;
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    console.error('Interrupted: what was made is taken away first.');
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const { config, app, context, emulator, bootstrap: bootstraps } = values;
    const endpoint = address === undefined || address === '' ? undefined : new URL(address);
    const proof = await openProof({
      ...{ place, folder, config, app, context, bootstraps, endpoint },
      env: process.env,
    });
    const checks = [...beginning, ...releaseChecks, ...cdnChecks, ...accessChecks, ...apiChecks, ...ending];
    const results = await runChecks(proof, checks, { emulator, stopped: () => interrupted, onResult: print });
    const left = values.keep ? [`${place.name}, with its buckets: --keep`] : await tearDown(proof);
    proof.s3.destroy();
    for (const line of left) console.log(`left    ${line}`);
    const count = (state: CheckResult['state']) => results.filter((result) => result.state === state).length;
    console.log(`${count('ok')} ok, ${count('failed')} failed, ${count('skipped')} skipped`);
    return interrupted ? 130 : count('failed') > 0 || (left.length > 0 && !values.keep && !proof.gcs) ? 1 : 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION;
if (region === undefined) {
  console.error('Say in which region: set AWS_REGION.');
  process.exitCode = usage;
} else {
  const place = await placeOf(region);
  if (typeof place === 'string') {
    console.error(`${place}\nLog in, or set AWS_PROFILE; then run it again. Nothing was done.`);
    process.exitCode = usage;
  } else process.exitCode = (await agreed(place)) ? await prove(place) : usage;
}
