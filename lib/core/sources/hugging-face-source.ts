import { Sha256 } from '../digest/sha256.ts';
import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import { redirectTarget } from '../http/redirect.ts';
import { sourceErrorFor } from '../http/status-error.ts';
import { checkMediaType } from './content-sniff.ts';
import { checkDescription, type SourceExpectation } from './expectation.ts';
import type { HuggingFaceFile, HuggingFaceSurvey } from './hugging-face-survey.ts';
import { pinnedHuggingFaceUri, resolveUrl } from './hugging-face-urls.ts';
import { LocatedObject, type Location } from './located-object.ts';
import { type ResolvedSource, type Source, type SourceDescription, SourceError } from './source.ts';
import type { HuggingFaceRef } from './source-ref.ts';
import { type Withheld, withheldCredential } from './withheld-credential.ts';

export interface HuggingFaceSourceOptions {
  readonly http: HttpClient;
  readonly endpoint: URL;
  readonly expect: SourceExpectation;
  /** Use the token? False for bytes that may be published although the token may not be used for that. */
  readonly credentials: boolean;
  /** Which ones must not, where that is the reason. */
  readonly withheld?: Withheld | undefined;
  /** A listing of the whole repository at the revision, where one pays off; undefined to ask for the file alone. */
  readonly survey?: (signal: AbortSignal) => Promise<HuggingFaceSurvey | undefined>;
}

interface Resolution {
  readonly description: SourceDescription;
  readonly location: Location | undefined;
}

/**
 * One file of a Hugging Face repository. The commit in the URL is what binds reads to a version: the hosts that
 * serve the bytes each have ETags of their own.
 */
export class HuggingFaceSource implements Source {
  readonly uri: string;
  private readonly ref: HuggingFaceRef;
  private readonly options: HuggingFaceSourceOptions;

  constructor(ref: HuggingFaceRef, options: HuggingFaceSourceOptions) {
    this.uri = pinnedHuggingFaceUri(ref, ref.revision, ref.path);
    this.ref = ref;
    this.options = options;
  }

  async resolve(signal: AbortSignal): Promise<ResolvedSource> {
    const survey = await this.options.survey?.(signal);
    const listed = survey?.files.get(this.ref.path);
    if (survey !== undefined && listed === undefined) {
      throw new SourceError('missing', `${this.uri} is not a file of that revision`, { hint: 'Check the path.' });
    }
    const { description, location } =
      survey === undefined || listed === undefined
        ? await this.ask(this.ref.revision, signal)
        : this.fromListing(survey.commit, listed);
    checkDescription(description, this.options.expect);
    return new LocatedObject({
      http: this.options.http,
      description,
      location,
      ranges: true,
      expect: this.options.expect,
      explain: (error) => this.explain(error),
      locate: async (again) => {
        const fresh = await this.ask(description.revision ?? this.ref.revision, again);
        const same = fresh.description.version === description.version && fresh.description.size === description.size;
        if (!same) throw new SourceError('changed', `${description.source} was replaced while it was being read`);
        return fresh.location as Location;
      },
    });
  }

  /** No request at all. Files of the Git repository itself are small and served after one hop on the same host. */
  private fromListing(commit: string, file: HuggingFaceFile): Resolution {
    const { endpoint, credentials } = this.options;
    const url = resolveUrl(endpoint, this.ref, commit, file.path);
    const inGit = file.sha256 === undefined;
    return {
      description: {
        source: pinnedHuggingFaceUri(this.ref, commit, file.path),
        size: file.size,
        version: commit,
        revision: commit,
        sha256: file.sha256,
        ...(file.gitBlobSha1 === undefined ? {} : { gitBlobSha1: file.gitBlobSha1 }),
        mediaType: undefined,
      },
      location: inGit ? { url, validator: undefined, credentials, signed: false } : undefined,
    };
  }

  /** HEAD without following to the CDN: its URLs are signed for GET, and what is worth knowing is said before. */
  private async ask(revision: string, signal: AbortSignal): Promise<Resolution> {
    const { http, endpoint, credentials, expect } = this.options;
    const url = resolveUrl(endpoint, this.ref, revision, this.ref.path);
    const response = await http.request({ method: 'HEAD', url, signal, credentials, followRedirects: 'same-origin' });
    await response.discard();
    const target = redirectTarget(response);
    if (response.status !== 200 && target === undefined) {
      throw this.explain(sourceErrorFor(response, { source: this.uri }));
    }
    const description = this.describe(response);
    if (target === undefined) checkMediaType(response.header('content-type'), description.source, expect);
    // Without a redirect the URL is our own; with the commit in it, it stays what it is.
    const stable = resolveUrl(endpoint, this.ref, description.revision ?? revision, this.ref.path);
    const own = response.hops.length === 0 ? stable : response.url;
    return {
      description,
      location: {
        url: target ?? own,
        validator: undefined,
        credentials: target === undefined && credentials,
        signed: target !== undefined,
      },
    };
  }

  private explain(error: SourceError): SourceError {
    return this.options.credentials ? error : withheldCredential(error, this.options.withheld ?? 'HF_TOKEN');
  }

  private describe(response: HttpResponse): SourceDescription {
    const commit = firstHeader(response, 'x-repo-commit');
    const revision = commit !== undefined && /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
    const etag = unquoted(firstHeader(response, 'x-linked-etag') ?? response.header('etag'));
    const size =
      firstHeader(response, 'x-linked-size') ??
      (response.status === 200 ? response.header('content-length') : undefined);
    const blob = etag !== undefined && /^[0-9a-f]{40}$/.test(etag) ? { gitBlobSha1: etag } : {};
    return {
      source: pinnedHuggingFaceUri(this.ref, revision ?? this.ref.revision, this.ref.path),
      size: size !== undefined && /^\d{1,16}$/.test(size) ? Number(size) : undefined,
      version: revision ?? etag,
      revision,
      sha256: etag === undefined ? undefined : Sha256.parse(etag),
      ...blob,
      mediaType: response.status === 200 ? response.header('content-type') : undefined,
    };
  }
}

/** The Hub says the same thing on the redirect; what comes later may be another host's view. */
function firstHeader(response: HttpResponse, name: string): string | undefined {
  for (const hop of response.hops) {
    const value = hop.header(name);
    if (value !== undefined) return value;
  }
  return response.header(name);
}

function unquoted(etag: string | undefined): string | undefined {
  return etag === undefined ? undefined : /^(?:W\/)?"([^"]*)"$/.exec(etag.trim())?.[1];
}
