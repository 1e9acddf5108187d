import type { HttpClient } from '../core/http/http-client.ts';
import type { Access } from '../core/manifest/manifest.ts';
import type { SourcePorts } from '../core/sources/open-source.ts';
import { PrivateMirrors } from '../core/sources/private-mirrors.ts';
import { SourceCache } from '../core/sources/source-cache.ts';
import type { CommandContext } from './command-context.ts';
import type { TokenName } from './configuration.ts';

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
  const tokens: Readonly<Record<TokenName, string | undefined>> = {
    HF_TOKEN: environment.hfToken,
    GITHUB_TOKEN: environment.githubToken,
  };
  // Only a token that exists can have been withheld; without one a refusal is just that.
  const names = (Object.keys(tokens) as TokenName[]).filter((name) => tokens[name] !== undefined);
  const withheld = publishedAs === 'public' ? names.filter((name) => configuration.tokens[name] !== 'any') : [];
  return {
    http: whenNeeded(() => context.http()),
    manifestDirectory: directory,
    cache: new SourceCache(),
    huggingFaceEndpoint: environment.hfEndpoint,
    gitHubApi: environment.githubApiUrl,
    withheldTokens: new Set(withheld),
    ...(publishedAs === 'public' ? { privateMirrors: new PrivateMirrors() } : {}),
  };
}

/** The client, made by the first request: a release that is all there asks nobody anything. `open` keeps and closes it. */
function whenNeeded(open: () => Promise<HttpClient>): HttpClient {
  return {
    request: async (request) => await (await open()).request(request),
    close: async () => {},
  };
}
