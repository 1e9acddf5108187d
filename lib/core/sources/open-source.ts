import { gitHubCredential, huggingFaceCredential } from '../http/credential.ts';
import type { HttpClient } from '../http/http-client.ts';
import { BucketObjectSource, type OpenBucket } from './bucket-object-source.ts';
import type { SourceExpectation } from './expectation.ts';
import { FileSource } from './file-source.ts';
import { readGitHubRelease } from './github-release.ts';
import { GitHubSource } from './github-source.ts';
import { HttpsSource } from './https-source.ts';
import { HuggingFaceSource } from './hugging-face-source.ts';
import { type HuggingFaceSurvey, surveyHuggingFace } from './hugging-face-survey.ts';
import type { PrivateBuckets } from './private-buckets.ts';
import type { PrivateMirrors } from './private-mirrors.ts';
import { type Source, SourceError } from './source.ts';
import type { SourceCache } from './source-cache.ts';
import type { GitHubRef, GoogleStorageRef, HuggingFaceRef, S3Ref, SourceRef } from './source-ref.ts';
import type { OriginCredential, TokenName, Withheld } from './withheld-credential.ts';

/** What sources need from outside. */
export interface SourcePorts {
  readonly http: HttpClient;
  /** Absolute directory of the manifest; `file:` sources lie below it. */
  readonly manifestDirectory: string;
  /** One for a whole run. */
  readonly cache: SourceCache;
  /** `https://huggingface.co` by default. */
  readonly huggingFaceEndpoint?: URL;
  /** `https://api.github.com` by default. */
  readonly gitHubApi?: URL;
  /** Tokens that must not be used for these bytes, because the release is public and they are not granted for that. */
  readonly withheldTokens?: ReadonlySet<TokenName>;
  /** Credentials of single origins that must not be used for these bytes, likewise. */
  readonly withheldOrigins?: readonly OriginCredential[];
  /** Origins that are to be given a credential whose variable is not set. */
  readonly unsetCredentials?: readonly OriginCredential[];
  /** Set where the bytes become public: files in mirrors of private releases are then refused. */
  readonly privateMirrors?: PrivateMirrors;
  /** Opens the buckets that `s3:` and `gs:` sources lie in; without it they cannot be read. */
  readonly openBucket?: OpenBucket;
  /** Set where the bytes become public, for objects in buckets. */
  readonly privateBuckets?: PrivateBuckets;
}

const hub = new URL('https://huggingface.co');
const gitHub = new URL('https://api.github.com');

/** From here on, listing a repository costs fewer requests than asking for each of its files. */
const surveyFrom = 4;

/** Makes the source that a manifest's URI names. Nothing is asked yet, nothing is thrown. */
export function openSource(ref: SourceRef, ports: SourcePorts, expect: SourceExpectation): Source {
  switch (ref.scheme) {
    case 'https':
      return new HttpsSource(ref, {
        http: ports.http,
        expect,
        withheld: withheldFor(ref.url, ports),
        unset: ports.unsetCredentials?.find(({ origin }) => origin === ref.url.origin)?.variable,
      });
    case 'hf':
      return openHuggingFace(ref, ports, expect);
    case 'github':
      return openGitHub(ref, ports, expect);
    case 'file':
      return new FileSource(ref, ports.manifestDirectory, expect, ports.privateMirrors);
    case 's3':
    case 'gs':
      return openBucketObject(ref, ports, expect);
    case 'placeholder':
      return unusable(
        ref.uri,
        new SourceError('placeholder', `${ref.uri} is a template that nobody filled in ("${ref.pattern}")`, {
          hint: 'Write the real source into the manifest.',
        }),
      );
  }
}

/** A plain URL of the Hub or of GitHub is no way around the rule on tokens. */
function withheldFor(url: URL, ports: SourcePorts): Withheld | undefined {
  const names = ['HF_TOKEN', 'GITHUB_TOKEN'] as const;
  const token = names.find((name) => {
    const credential =
      name === 'HF_TOKEN'
        ? huggingFaceCredential('', ports.huggingFaceEndpoint)
        : gitHubCredential('', ports.gitHubApi);
    return ports.withheldTokens?.has(name) === true && credential.origins.includes(url.origin);
  });
  return token ?? ports.withheldOrigins?.find(({ origin }) => origin === url.origin);
}

function openBucketObject(ref: S3Ref | GoogleStorageRef, ports: SourcePorts, expect: SourceExpectation): Source {
  const { openBucket, privateBuckets, withheldTokens } = ports;
  if (openBucket === undefined) {
    return unusable(ref.uri, new SourceError('unsupported', `${ref.uri} cannot be read here`));
  }
  const token = ref.scheme === 's3' ? 'AWS' : 'GOOGLE';
  const withheld = withheldTokens?.has(token) === true ? token : undefined;
  return new BucketObjectSource(ref, { openBucket, expect, withheld, refused: privateBuckets });
}

function openHuggingFace(ref: HuggingFaceRef, ports: SourcePorts, expect: SourceExpectation): Source {
  const { http, cache } = ports;
  const endpoint = ports.huggingFaceEndpoint ?? hub;
  const key = `hf ${endpoint.href} ${ref.repoType}/${ref.repo}@${ref.revision}`;
  cache.count(key);
  const survey = async (signal: AbortSignal): Promise<HuggingFaceSurvey | undefined> => {
    if (cache.demand(key) < surveyFrom) return undefined;
    return await cache.remember(key, async () => {
      try {
        return await surveyHuggingFace({ http, endpoint }, ref, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof SourceError)) throw error;
        // A mirror may serve files without listing them; asking for the file alone gives the better answer anyway.
        return undefined;
      }
    });
  };
  const withheld = withheldFor(endpoint, ports);
  const credentials = withheld === undefined;
  return new HuggingFaceSource(ref, { http, endpoint, expect, credentials, withheld, survey });
}

function openGitHub(ref: GitHubRef, ports: SourcePorts, expect: SourceExpectation): Source {
  const { http, cache } = ports;
  const api = ports.gitHubApi ?? gitHub;
  const key = `github ${api.href} ${ref.owner}/${ref.repo}@${ref.tag}`;
  const withheld = withheldFor(api, ports);
  const credentials = withheld === undefined;
  const release = (signal: AbortSignal) => cache.remember(key, () => readGitHubRelease({ http, api }, ref, signal));
  return new GitHubSource(ref, { http, expect, credentials, withheld, release });
}

function unusable(uri: string, error: SourceError): Source {
  return { uri, resolve: () => Promise.reject(error) };
}
