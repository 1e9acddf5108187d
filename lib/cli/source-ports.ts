import { httpWhenNeeded } from '../core/http/http-when-needed.ts';
import type { Access } from '../core/manifest/manifest.ts';
import type { SourcePorts } from '../core/sources/open-source.ts';
import { PrivateBuckets } from '../core/sources/private-buckets.ts';
import { PrivateMirrors } from '../core/sources/private-mirrors.ts';
import { sourceBuckets } from '../core/sources/source-buckets.ts';
import { SourceCache } from '../core/sources/source-cache.ts';
import type { TokenName } from '../core/sources/withheld-credential.ts';
import { parseBucketUrl } from '../core/stores/bucket-url.ts';
import type { CommandContext } from './command-context.ts';
import type { Configuration } from './configuration.ts';
import type { Environment } from './environment.ts';

/**
 * What the sources of one manifest need.
 * @param directory Absolute folder of the manifest.
 * @param publishedAs What the bytes become part of: those of a public release are read without the tokens that
 * are granted for private use only. Undefined where nothing is published, as in `lock`.
 */
export async function sourcePorts(
  context: CommandContext,
  directory: string,
  publishedAs: Access | undefined,
): Promise<SourcePorts> {
  const { environment, configuration } = context;
  const isPublic = publishedAs === 'public';
  const credentials = configuration.credentials.filter(({ use }) => !isPublic || use === 'any');
  return {
    http: httpWhenNeeded(() => context.http()),
    manifestDirectory: directory,
    cache: new SourceCache(),
    huggingFaceEndpoint: environment.hfEndpoint,
    gitHubApi: environment.githubApiUrl,
    withheldTokens: new Set(isPublic ? withheldTokens(environment, configuration) : []),
    withheldOrigins: configuration.credentials.filter((one) => !credentials.includes(one)),
    unsetCredentials: credentials.filter(({ variable }) => environment.credential(variable) === undefined),
    openBucket: sourceBuckets(context.buckets, context.clock),
    ...(isPublic ? { privateMirrors: new PrivateMirrors(), privateBuckets: privateBuckets(configuration) } : {}),
  };
}

/** Only a token that exists can have been withheld; what AWS and Google keep, and where, nobody knows before asking. */
function withheldTokens(environment: Environment, { tokens }: Configuration): TokenName[] {
  const exists: Readonly<Record<TokenName, boolean>> = {
    HF_TOKEN: environment.hfToken !== undefined,
    GITHUB_TOKEN: environment.githubToken !== undefined,
    AWS: true,
    GOOGLE: true,
  };
  return (Object.keys(exists) as TokenName[]).filter((name) => exists[name] && tokens[name] !== 'any');
}

function privateBuckets({ stores }: Configuration): PrivateBuckets {
  const urls = [stores.private.primary, ...stores.private.replicas];
  return new PrivateBuckets(urls.map(parseBucketUrl).filter((url) => url !== undefined));
}
