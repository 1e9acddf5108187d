import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { CampaignRuns, type CampaignVerdict } from '../test/cloud/campaign-runs.ts';
import { type Permission, permissionsOf, pipelinePolicies, withoutPermissions } from '../test/cloud/iam-mutation.ts';
import { MirrorWorld } from '../test/cloud/mirror-world.ts';
import type { RolePolicy } from '../test/cloud/role-policies.ts';

const usage = `usage: npm run campaign:iam -- [--each] [--role HANDLER]
Deploys to the AWS emulator, takes each statement of each function's role away in turn, makes releases in every way
that may need it, and says with which error they fail. What is missed by nobody should go.
  --each          every action on every resource by itself, instead of whole statements (a quarter of an hour)
  --role HANDLER  only that of one function, such as publish`;

const { values } = parseArgs({
  options: { each: { type: 'boolean', default: false }, role: { type: 'string' }, help: { type: 'boolean' } },
});

/** What the emulator does not ask the role for. */
const notEvaluated: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'the emulator writes the logs',
  'logs:PutLogEvents': 'the emulator writes the logs',
  'sqs:SendMessage': 'only a report that fails three times is sent there',
};

/** What is needed although runs here may end as well without it: what the permission has in it, and why. */
const notTold: readonly (readonly [handler: RegExp, permission: RegExp, reason: string])[] = [
  [/./, /^s3:ListBucket /, 'without it S3 answers 403 for what is not there, the emulator 404'],
  [/^plan$/, /^secretsmanager:/, 'Plan looks with the token before the first byte; Transfer would find out later'],
  [/^report$/, /registry\.json$/, 'only where Publish died: was it published before that?'],
];

function whyNotTold({ handler, permissions }: Mutation): string | undefined {
  const rule = notTold.find(
    ([of, permission]) =>
      of.test(handler) && permissions.every(({ action, resource }) => permission.test(`${action} ${resource}`)),
  );
  return rule?.[2];
}

/** What is taken away at once. */
interface Mutation {
  readonly handler: string;
  readonly policy: RolePolicy;
  readonly permissions: readonly Permission[];
}

function mutationsOf(handler: string, policy: RolePolicy): readonly Mutation[] {
  const statements = policy.statements.map((one) => permissionsOf({ ...policy, statements: [one] }));
  const groups = values.each ? statements.flat().map((one) => [one]) : statements;
  return groups.map((permissions) => ({ handler, policy, permissions }));
}

function words({ handler, permissions }: Mutation): string {
  const actions = [...new Set(permissions.map(({ action }) => action))];
  const resources = [...new Set(permissions.map(({ resource }) => resource.split(':').slice(5).join(':')))];
  return `${handler.padEnd(16)} ${actions.join(' ')} on ${resources.join(' ')}`;
}

async function tried(world: MirrorWorld, runs: CampaignRuns, mutation: Mutation): Promise<CampaignVerdict> {
  const { iam } = world.mirror;
  const { policy, permissions } = mutation;
  const taken = (action: string, resource: string) =>
    permissions.some((one) => one.action === action && one.resource === resource);
  const restore = await withoutPermissions(iam, policy, taken);
  try {
    return await runs.untilOneFails(permissions.every(({ resource }) => resource.includes('-private-')));
  } finally {
    await restore();
  }
}

/** Does a message say what a section of the runbook is about? Of a source the words are the reason of its artifact. */
function says(error: string, name: string): boolean {
  if (name === 'RunFailed') return false;
  return (
    error.includes(name) ||
    (name === 'NotAuthorised' && / is not allowed for |the secret of .* cannot be read/.test(error))
  );
}

async function campaign(): Promise<number> {
  const runbook = await readFile('docs/runbook.md', 'utf8');
  const named = [...runbook.matchAll(/^### ([A-Z][A-Za-z]+)$/gm)].map(([, name = '']) => name);
  const world = await MirrorWorld.start();
  let wrong = 0;
  try {
    const runs = await CampaignRuns.begin(world);
    const whole = await runs.untilOneFails(false);
    if (whole.failed !== undefined)
      throw new Error(`${whole.failed} fails with all rights: ${whole.errors.join('; ')}`);
    for (const [handler, policy] of await pipelinePolicies(world.mirror.iam, 'weights')) {
      if (values.role !== undefined && values.role !== handler) continue;
      for (const mutation of mutationsOf(handler, policy)) {
        const reason = mutation.permissions.map(({ action }) => notEvaluated[action]).find((one) => one !== undefined);
        if (reason !== undefined) {
          console.log(`not tried  ${words(mutation)}: ${reason}`);
          continue;
        }
        const { failed, errors, loss } = await tried(world, runs, mutation);
        const name = named.find((one) => errors.some((error) => says(error, one)));
        const untold = whyNotTold(mutation);
        if (failed === undefined && untold !== undefined) {
          console.log(`not told   ${words(mutation)}: ${untold}`);
          continue;
        }
        const right = failed !== undefined && (name ?? loss) !== undefined;
        if (!right) wrong += 1;
        const verdict = failed === undefined ? 'UNNEEDED ' : right ? 'needed   ' : 'UNNAMED  ';
        const why = failed === undefined ? '' : `: ${failed} fails with ${name ?? loss ?? errors.join('; ')}`;
        console.log(`${verdict}  ${words(mutation)}${why}`);
      }
    }
    console.log(wrong === 0 ? 'every right is needed, and is missed by name' : `${wrong} are not as they should be`);
    return wrong === 0 ? 0 : 1;
  } finally {
    await world.stop();
  }
}

if (values.help === true) console.log(usage);
else process.exitCode = await campaign();
