import { NotFound } from '../../errors.ts';
import { MirrorDamaged } from '../../mirror/mirror-errors.ts';
import { releaseName } from '../../mirror/release-ref.ts';
import type { Release, ReleaseArtifact } from '../../registry/records.ts';
import { defaultRetryPolicy, type RetryDeps, retry } from '../../retry.ts';
import type { UrlsAnswer } from '../wire.ts';
import type { AccessApi } from './access-api.ts';
import type { HandedOutUrl } from './handed-out-url.ts';
import { nameBatches } from './name-batches.ts';

export interface UrlsWish {
  readonly release: Release;
  /** Undefined: all that the caller may read. */
  readonly artifacts: readonly ReleaseArtifact[] | undefined;
  /** Seconds that the URLs should live; the API may give less. */
  readonly expiresIn: number;
}

/**
 * URLs of a release in the order of its files or of the wish, as the access API signs them.
 * @throws NotFound where one of the files is not there or not the caller's; NotAuthorised, MirrorError, MirrorDamaged
 */
export async function urlsOfApi(api: AccessApi, wish: UrlsWish, deps: RetryDeps): Promise<readonly HandedOutUrl[]> {
  const { release, artifacts = release.artifacts } = wish;
  const signed = new Map<string, HandedOutUrl>();
  const all = wish.artifacts === undefined ? await ask(api, wish, undefined, deps) : undefined;
  const answers = all !== undefined && !all.truncated ? [all] : [];
  if (answers.length === 0) {
    const names = artifacts.map(({ file }) => file);
    for (const files of nameBatches(names)) answers.push(await ask(api, wish, files, deps));
  }
  for (const { store, urls } of answers) {
    for (const { file, url, expiresAt, size, sha256 } of urls) {
      signed.set(file, { file, url, expiresAt, size, sha256, store });
    }
  }
  return artifacts.flatMap((artifact) => {
    const one = signed.get(artifact.file);
    if (one === undefined && all !== undefined) return [];
    if (one?.size === artifact.size && one.sha256 === artifact.sha256) return [one];
    throw new MirrorDamaged(`${api.url} says otherwise of ${artifact.file} than its record`);
  });
}

async function ask(
  api: AccessApi,
  { release: { collection, version }, expiresIn }: UrlsWish,
  files: readonly string[] | undefined,
  deps: RetryDeps,
): Promise<UrlsAnswer> {
  const request = { collection, version, expiresIn, ...(files && { files: [...files] }) };
  const timed = await retry(() => api.urls(request, deps.signal), defaultRetryPolicy, deps);
  if (timed !== undefined) return timed.answer;
  const what = files?.length === 1 ? `${files[0]} of` : files === undefined ? '' : 'one of these files of';
  throw new NotFound(`${what} ${releaseName(collection, version)} at ${api.url} is not there, or not yours`.trim(), {
    hint: `Asked with ${api.caller}.`,
  });
}
