import { accessApiOf } from '../../contract/cloud/cloud-configuration.ts';
import { currentPolicyLimit, currentPolicySchema } from '../../contract/cloud/current-policy.ts';
import { mirrorStackName } from '../../contract/cloud/resource-names.ts';
import { policyKey } from '../../contract/cloud/state-keys.ts';
import { probeAccessApi } from '../../core/access/client/probe-access-api.ts';
import { readAccessPolicy } from '../../core/access/policy/read-access-policy.ts';
import { WeighbridgeError } from '../../core/errors.ts';
import { isRefusedLook } from '../../core/submit/not-yet.ts';
import type { CloudBuckets } from '../cloud/cloud-buckets.ts';
import { bucketUrl, type CloudPlace } from '../cloud/cloud-place.ts';
import type { CommandContext } from '../command-context.ts';
import { plural } from '../plural.ts';
import { type Check, failedCheck } from './check.ts';

/** Does the access API answer, and by which policy? Nothing where the deployment has none. */
export async function checkAccess(
  context: CommandContext,
  place: CloudPlace,
  buckets: CloudBuckets,
): Promise<readonly Check[]> {
  const settings = accessApiOf(place.deployment.cloud);
  if (settings === undefined) return [];
  const own = settings.domain && `https://${settings.domain.name}/v1`;
  const url = own ?? context.environment.access.api;
  return [await checkPolicy(place, buckets), url === undefined ? whereItIs(place) : await checkApi(context, url)];
}

async function checkPolicy(place: CloudPlace, buckets: CloudBuckets): Promise<Check> {
  const what = `${bucketUrl(place, 'state')}/${policyKey}`;
  try {
    const found = await (await buckets.state()).get(policyKey, currentPolicyLimit);
    if (found === undefined) {
      const message = 'there is no access policy yet: the access API gives nothing to anybody';
      return { what, state: 'ok', message, lines: ['npx weighbridge submit manifests/access.yaml'] };
    }
    return { what, state: 'ok', message: policyText(found.bytes) };
  } catch (error) {
    if (isRefusedLook(error)) {
      return { what, state: 'unknown', message: 'these credentials may not read it, or it is not there yet' };
    }
    if (error instanceof WeighbridgeError) return failedCheck(what, error);
    // JSON, or the shape of it.
    return { what, state: 'failed', message: 'it is no access policy', lines: ['docs/runbook.md#policy-unreadable'] };
  }
}

/** @throws what JSON and schemas throw */
function policyText(bytes: Uint8Array): string {
  const { policy, submittedAt, publisher, commit } = currentPolicySchema.parse(
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
  );
  const { grants, principals } = readAccessPolicy(policy);
  const from = commit === undefined ? '' : `, commit ${commit.slice(0, 12)}`;
  const counts = `${plural(grants.length, 'grant')} to ${plural(Object.keys(principals).length, 'principal')}`;
  return `${counts}, submitted by ${publisher} at ${submittedAt}${from}`;
}

async function checkApi(context: CommandContext, url: string): Promise<Check> {
  const what = `access API at ${url}`;
  try {
    const there = await probeAccessApi(url, await context.http(url), context.signal);
    return there
      ? { what, state: 'ok', message: 'it answers' }
      : {
          what,
          state: 'failed',
          message: 'what answers there is no access API',
          lines: ['Does its DNS record lead there?'],
        };
  } catch (error) {
    if (error instanceof WeighbridgeError) return failedCheck(what, error);
    throw error;
  }
}

/** Only the stack knows the name that AWS gave it. */
function whereItIs({ deployment, region }: CloudPlace): Check {
  const query = "Stacks[0].Outputs[?OutputKey=='AccessUrl'].OutputValue";
  const stack = `--stack-name ${mirrorStackName(deployment.cloud.name)} --region ${region}`;
  return {
    what: 'access API',
    state: 'unknown',
    message: 'set WEIGHBRIDGE_API to the output AccessUrl of the stack to have it looked at',
    lines: [`aws cloudformation describe-stacks ${stack} --query "${query}" --output text`],
  };
}
