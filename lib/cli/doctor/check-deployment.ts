import { reportsPrefix } from '../../contract/cloud/state-keys.ts';
import { WeighbridgeError } from '../../core/errors.ts';
import { isClocked, type Store } from '../../core/stores/store.ts';
import { isRefusedLook } from '../../core/submit/not-yet.ts';
import type { CloudBuckets } from '../cloud/cloud-buckets.ts';
import { bucketUrl, type CloudPlace } from '../cloud/cloud-place.ts';
import type { CommandContext } from '../command-context.ts';
import { type Check, failedCheck } from './check.ts';

/** Are the credentials good, and are the buckets of the deployment there? */
export async function checkDeployment(
  context: CommandContext,
  place: CloudPlace,
  buckets: CloudBuckets,
): Promise<readonly Check[]> {
  const { deployment, account, region } = place;
  const { cloud, publishers, environment } = deployment;
  const name = environment === null ? cloud.name : `${cloud.name} (${environment})`;
  const mirrors = (['public', 'private'] as const).filter((access) => cloud[access] !== false);
  const publisher = Object.keys(publishers)[0];
  const checks: Check[] = [
    { what: 'configuration', state: 'ok', message: `${context.configuration.file}: ${name} in ${account}, ${region}` },
  ];
  if (publisher === undefined) {
    const message = 'weighbridge.yaml names no publishers, so nobody may submit';
    checks.push({ what: 'publishers', state: 'failed', message });
  }
  const state = await attempt(() => buckets.state());
  const credentials = await checkCredentials(state, publisher);
  checks.push(credentials);
  if (credentials.state === 'failed') {
    // Each bucket would only say the same again.
    const unseen = (['state', ...mirrors] as const).map((kind) => bucketUrl(place, kind));
    const message = 'cannot be looked at without good credentials';
    return [...checks, ...unseen.map((what): Check => ({ what, state: 'unknown', message })), ...outsideChecks(place)];
  }
  checks.push(await checkBucket(bucketUrl(place, 'state'), state));
  for (const access of mirrors) {
    checks.push(await checkBucket(bucketUrl(place, access), await attempt(() => buckets.mirror(access))));
  }
  return [...checks, ...outsideChecks(place)];
}

async function checkCredentials(state: Store | WeighbridgeError, publisher = '-'): Promise<Check> {
  const what = 'AWS credentials';
  if (state instanceof WeighbridgeError) return failed(what, state);
  try {
    for await (const _ of state.list(`${reportsPrefix}${publisher}/`)) break;
    return { what, state: 'ok', message: 'they are good, and may list reports' };
  } catch (error) {
    if (isRefusedLook(error)) {
      return {
        what,
        state: 'ok',
        message: 'they are good; these may not list reports, as a publisher or operator may',
      };
    }
    // Of a bucket that is not there the next check tells.
    if (error instanceof WeighbridgeError && error.name !== 'NotAuthorised') {
      return { what, state: 'unknown', message: error.message };
    }
    return failed(what, error);
  }
}

/** S3 tells everybody whether a bucket is there, also with a refusal. */
async function checkBucket(url: string, store: Store | WeighbridgeError): Promise<Check> {
  if (store instanceof WeighbridgeError) return failed(url, store);
  try {
    await readFirst(store);
    return { what: url, state: 'ok', message: 'it is there' };
  } catch (error) {
    if (isRefusedLook(error))
      return { what: url, state: 'ok', message: 'it is there; these credentials may not list it' };
    const check = failed(url, error);
    return { ...check, lines: ['Was it deployed? `npx cdk deploy`', ...(check.lines ?? [])] };
  }
}

async function readFirst(store: Store): Promise<void> {
  if (isClocked(store)) await store.now();
  for await (const _ of store.list('')) break;
}

/** What can be told only by clients that this program does not have: the commands that tell. */
function outsideChecks({ deployment, account, region }: CloudPlace): Check[] {
  const { cloud, publishers } = deployment;
  const qualifier = cloud.bootstrapQualifier ?? 'hnb659fds';
  const checks = [
    look(
      'bootstrap of the CDK',
      'once per account and region, before the first deploy',
      `aws ssm get-parameter --name /cdk-bootstrap/${qualifier}/version --region ${region} --query Parameter.Value`,
    ),
  ];
  const hosts = new Set(
    Object.values(publishers).flatMap(({ github, gitlab }) => [
      ...(github === undefined || cloud.oidc.github === 'create' ? [] : ['token.actions.githubusercontent.com']),
      ...(gitlab === undefined || cloud.oidc.gitlab === 'create' ? [] : [gitlab.url.replace(/^https:\/\/|\/+$/g, '')]),
    ]),
  );
  for (const host of hosts) {
    const arn = `arn:${partitionOf(region)}:iam::${account}:oidc-provider/${host}`;
    checks.push(
      look(
        `identity provider of ${host}`,
        'cloud.oidc in weighbridge.yaml says that it exists',
        `aws iam get-open-id-connect-provider --open-id-connect-provider-arn ${arn}`,
      ),
    );
  }
  return checks;
}

/** https://docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces.html */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

function look(what: string, message: string, command: string): Check {
  return { what, state: 'unknown', message, lines: [command] };
}

function failed(what: string, error: unknown): Check {
  if (!(error instanceof WeighbridgeError)) throw error;
  return failedCheck(what, error);
}

async function attempt(open: () => Promise<Store>): Promise<Store | WeighbridgeError> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof WeighbridgeError) return error;
    throw error;
  }
}
