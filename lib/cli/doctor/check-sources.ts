import { WeighbridgeError } from '../../core/errors.ts';
import type { HttpClient } from '../../core/http/http-client.ts';
import { parseBucketUrl } from '../../core/stores/bucket-url.ts';
import { openBucket } from '../../core/stores/open-bucket.ts';
import { isRefusedLook } from '../../core/submit/not-yet.ts';
import type { CloudBuckets } from '../cloud/cloud-buckets.ts';
import type { CloudPlace } from '../cloud/cloud-place.ts';
import type { CommandContext } from '../command-context.ts';
import { type Check, failedCheck } from './check.ts';
import { foreignPolicies } from './foreign-policies.ts';

/** Does everything that `sources:` grants answer, as seen from this machine? */
export async function checkSources(
  context: CommandContext,
  place: CloudPlace,
  buckets: CloudBuckets,
): Promise<readonly Check[]> {
  const { sources } = place.deployment;
  const { hfEndpoint, githubApiUrl } = context.environment;
  const checks: Check[] = [];
  for (const grant of sources.buckets) {
    for (const key of grant.keys) checks.push(await checkGrant(context, grant.bucket, key, buckets));
  }
  const asked: [string, URL][] = [
    ...named(sources.hosts).map((host): [string, URL] => [`host ${host}`, new URL(`https://${host}/`)]),
    ...named(sources.huggingFace).map((owner): [string, URL] => [
      `owner ${owner} on Hugging Face`,
      new URL(`/api/models?author=${encodeURIComponent(owner)}&limit=1`, hfEndpoint),
    ]),
    ...named(sources.github).map((owner): [string, URL] => [
      `owner ${owner} on GitHub`,
      new URL(`users/${encodeURIComponent(owner)}`, `${githubApiUrl.href.replace(/\/+$/, '')}/`),
    ]),
  ];
  if (asked.length > 0) {
    const http = await context.http();
    for (const [what, url] of asked) checks.push(await checkHost(what, url, http, context.signal));
  }
  for (const secret of secretsOf(place)) {
    const lines = [`aws secretsmanager describe-secret --secret-id ${secret} --region ${place.region} --query Name`];
    checks.push({ what: `secret ${secret}`, state: 'unknown', message: 'must hold the token alone', lines });
  }
  for (const { of, account, statement } of foreignPolicies(place)) {
    const whose = account === undefined ? 'its owner' : `account ${account}`;
    const lines = JSON.stringify(statement, undefined, 2).split('\n');
    checks.push({ what: of, state: 'unknown', message: `${whose} must add this to its policy`, lines });
  }
  return checks;
}

/** Wildcards name nobody who could be asked. */
function named(names: readonly string[]): readonly string[] {
  return names.filter((name) => !name.includes('*'));
}

async function checkGrant(context: CommandContext, url: string, key: string, buckets: CloudBuckets): Promise<Check> {
  const what = `${url}/${key}`;
  const parsed = parseBucketUrl(url);
  if (parsed === undefined) throw new TypeError(`${url} is no bucket`);
  try {
    const store = await openBucket(url, parsed, { buckets: buckets.access, clock: context.clock, use: 'source' });
    // Of keys that begin alike the shortest comes first: where one is named, it is that one or is not there.
    for await (const { key: found } of store.list(key.split('*')[0] ?? '')) {
      if (found !== key && !key.includes('*')) break;
      return { what, state: 'ok', message: 'there are objects' };
    }
    return { what, state: 'failed', message: 'nothing is there', lines: ['Correct its keys in weighbridge.yaml.'] };
  } catch (error) {
    if (!(error instanceof WeighbridgeError)) throw error;
    if (isRefusedLook(error) || error.name === 'NotAuthorised') {
      return {
        what,
        state: 'unknown',
        message: 'it cannot be listed with the credentials here; the pipeline has its own',
      };
    }
    return failedCheck(what, error);
  }
}

/** Of a host any answer will do; of an owner one that tells whether there is one. */
async function checkHost(what: string, url: URL, http: HttpClient, signal: AbortSignal): Promise<Check> {
  try {
    const response = await http.request({ url, method: 'HEAD', signal });
    await response.discard();
    const { status } = response;
    if (url.pathname === '/' || status < 400) return { what, state: 'ok', message: 'it answers' };
    if (status === 404) return { what, state: 'failed', message: 'there is none of that name' };
    return { what, state: 'unknown', message: `the answer was ${status}, which says nothing of it` };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError)) throw error;
    return failedCheck(what, error);
  }
}

function secretsOf({ deployment }: CloudPlace): ReadonlySet<string> {
  const { huggingFace, github, origins } = deployment.sources.tokens;
  return new Set([huggingFace, github, ...origins].flatMap((token) => token?.secret ?? []));
}
