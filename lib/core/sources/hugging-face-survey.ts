import { z } from 'zod';
import { Sha256 } from '../digest/sha256.ts';
import type { HttpClient } from '../http/http-client.ts';
import { type HuggingFaceRepository, revisionUrl, treeUrl } from './hugging-face-urls.ts';
import { requestJson } from './json-response.ts';
import { SourceError } from './source.ts';

/** One file of a repository at a commit. */
export interface HuggingFaceFile {
  readonly path: string;
  /** Bytes of the file itself, not of its pointer. */
  readonly size: number;
  /** For files in LFS or Xet. */
  readonly sha256: Sha256 | undefined;
  /** Git blob SHA-1 of the file, for files that are in neither. */
  readonly gitBlobSha1: string | undefined;
}

export interface HuggingFaceSurvey {
  /** 40 hex digits. */
  readonly commit: string;
  readonly files: ReadonlyMap<string, HuggingFaceFile>;
}

export interface HuggingFaceAccess {
  readonly http: HttpClient;
  /** `https://huggingface.co`, or `HF_ENDPOINT`. */
  readonly endpoint: URL;
}

const commitPattern = /^[0-9a-f]{40}$/;
const revisionShape = z.object({ sha: z.string().regex(commitPattern) });
const treeShape = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.number().int().nonnegative(),
    oid: z.string(),
    lfs: z.object({ oid: z.string(), size: z.number().int().nonnegative() }).nullish(),
  }),
);
/** 1,000 files a page: far above the Hub's own advice of 100,000 files in a repository. */
const pageLimit = 1000;

/**
 * Everything that a repository holds at a revision, from two kinds of request: revision → commit, and the paged
 * tree of that commit.
 * @throws SourceError `gated`, `missing` and so on, as the Hub says; `broken` for answers of another shape.
 */
export async function surveyHuggingFace(
  access: HuggingFaceAccess,
  repository: HuggingFaceRepository,
  signal: AbortSignal,
): Promise<HuggingFaceSurvey> {
  const name = `hf://${repository.repo}@${repository.revision}`;
  const commit = commitPattern.test(repository.revision)
    ? repository.revision
    : await resolveCommit(access, repository, name, signal);
  const files = new Map<string, HuggingFaceFile>();
  let url: URL | undefined = treeUrl(access.endpoint, repository, commit);
  for (let page = 0; url !== undefined; page += 1) {
    if (page === pageLimit) throw new SourceError('broken', `${name} lists more than ${pageLimit} pages of files`);
    const { value, response } = await requestJson(access.http, { method: 'GET', url, signal }, name);
    for (const file of parse(treeShape, value, name)) {
      if (file.type === 'file') files.set(file.path, toFile(file));
    }
    url = nextPage(response.header('link'), url);
  }
  return { commit, files };
}

async function resolveCommit(
  access: HuggingFaceAccess,
  repository: HuggingFaceRepository,
  name: string,
  signal: AbortSignal,
) {
  const request = { method: 'GET', url: revisionUrl(access.endpoint, repository), signal } as const;
  return parse(revisionShape, (await requestJson(access.http, request, name)).value, name).sha;
}

function toFile(entry: z.infer<typeof treeShape>[number]): HuggingFaceFile {
  const { path, lfs } = entry;
  if (lfs == null) {
    const gitBlobSha1 = commitPattern.test(entry.oid) ? entry.oid : undefined;
    return { path, size: entry.size, sha256: undefined, gitBlobSha1 };
  }
  return { path, size: lfs.size, sha256: Sha256.parse(lfs.oid), gitBlobSha1: undefined };
}

function parse<T>(shape: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = shape.safeParse(value);
  if (!parsed.success) {
    throw new SourceError('broken', `${name}: the Hub answered in another shape than expected`, {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

/** `Link: <…>; rel="next"`, which stays on the host that was asked. */
function nextPage(link: string | undefined, current: URL): URL | undefined {
  const target = /<([^<>]+)>\s*;\s*rel="?next"?/i.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  const url = new URL(target, current);
  if (url.origin !== current.origin) throw new SourceError('forbidden', 'a page of a listing leads to another host');
  return url;
}
