import type { AccessCredentials } from '../../core/access/client/access-credentials.ts';
import { NotAuthorised, UsageError } from '../../core/errors.ts';
import { bareHost } from '../../core/http/origin-rules.ts';
import type { CommandContext } from '../command-context.ts';

/**
 * Who asks the access API: below `/iam/v1` an AWS principal, otherwise the first of the tokens that there are.
 * @param api the base, ending in `/v1/` or `/iam/v1/`
 * @throws NotAuthorised where there is no credential, saying which ones there could be
 */
export async function chooseCredentials(context: CommandContext, api: URL): Promise<AccessCredentials> {
  if (/\/iam\/v1\/$/.test(api.pathname)) return await awsCaller(context, api);
  const { token, tokenFile, netrc, idToken, github, audience } = context.environment.access;
  const { BearerToken } = await import('../../core/access/client/bearer-token.ts');
  if (token !== undefined) return new BearerToken('the token of WEIGHBRIDGE_TOKEN', token);
  if (tokenFile !== undefined) {
    const { TokenFile } = await import('../../core/access/client/token-file.ts');
    return new TokenFile(tokenFile, 'WEIGHBRIDGE_TOKEN_FILE');
  }
  const { netrcCredentials } = await import('../../core/access/client/netrc-credentials.ts');
  const entry = await netrcCredentials(netrc, bareHost(api));
  if (entry !== undefined) return entry;
  if (idToken !== undefined) return new BearerToken('the identity token of WEIGHBRIDGE_ID_TOKEN', idToken);
  if (github !== undefined) {
    const { GithubIdToken } = await import('../../core/access/client/github-id-token.ts');
    const http = await context.http(github.url.origin);
    return new GithubIdToken(github, audience ?? api.origin, http, context.clock);
  }
  throw new NotAuthorised(`there is no credential for ${api.origin}`, {
    hint:
      'Set WEIGHBRIDGE_TOKEN or WEIGHBRIDGE_TOKEN_FILE, or write an entry for exactly this host into ~/.netrc; ' +
      'in CI an identity token does (GitHub: `permissions: id-token: write`; GitLab: `id_tokens:` into ' +
      'WEIGHBRIDGE_ID_TOKEN). AWS principals take the address that ends in /iam/v1.',
  });
}

async function awsCaller(context: CommandContext, api: URL): Promise<AccessCredentials> {
  const { environment, clock } = context;
  const [{ AwsSigned }, { awsCredentials }, { readAwsProfile }] = await Promise.all([
    import('../../core/access/client/aws-signed.ts'),
    import('../buckets/aws-credentials.ts'),
    import('../buckets/aws-profile.ts'),
  ]);
  const { profile, keys, region } = environment.aws;
  const inFile = await readAwsProfile(profile);
  const signingRegion = regionOf(api.hostname) ?? region ?? inFile.region;
  if (signingRegion === undefined) {
    throw new UsageError(`in which region is ${api.host}?`, { hint: 'Set AWS_REGION to the one of the API.' });
  }
  const found = await awsCredentials(environment);
  return new AwsSigned({
    region: signingRegion,
    clock,
    kind:
      profile !== undefined
        ? `the AWS profile ${profile}`
        : keys !== undefined
          ? 'the AWS keys of the environment'
          : 'the AWS credentials of this machine',
    credentials: typeof found === 'function' ? () => orNotAuthorised(found) : async () => found,
  });
}

/** `ID.execute-api.REGION.amazonaws.com`, also in other partitions; names of one's own do not tell. */
function regionOf(host: string): string | undefined {
  return /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1];
}

/** The library's own words may hold paths and addresses; its error is kept as the cause. */
async function orNotAuthorised<T>(credentials: () => Promise<T>): Promise<T> {
  try {
    return await credentials();
  } catch (cause) {
    throw new NotAuthorised('there are no AWS credentials that are good now', {
      cause,
      hint: 'Sign in again (aws sso login), or set AWS_PROFILE or the keys.',
    });
  }
}
