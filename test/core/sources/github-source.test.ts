import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { gitHubCredential } from '../../../lib/core/http/credential.ts';
import { generateBytes } from '../../upstream/generate-bytes.ts';
import { type GitHubReleaseFixture, GitHubReleases } from '../../upstream/github-releases.ts';
import { expectationOf, failure, readAll, ref, SourceFixture } from './source-fixture.ts';

const weights = generateBytes('github', 1_100_000);
const uri = 'github://acme/models@v1%2Fbeta/model.onnx';
const releasePath = '/repos/acme/models/releases/tags/v1%2Fbeta';
let fixture: SourceFixture;
let github: GitHubReleases;

beforeEach(async () => {
  fixture = await SourceFixture.start();
  github = new GitHubReleases(fixture.upstream, fixture.cdn);
});

afterEach(async () => {
  await fixture.close();
});

function publish(more: Partial<GitHubReleaseFixture> = {}): number {
  const assets = { 'model.onnx': weights, 'other.bin': weights.subarray(1) };
  return github.add({ owner: 'acme', repo: 'models', tag: 'v1/beta', assets, ...more })['model.onnx'] as number;
}

const withToken = () => ({
  http: fixture.client({ credentials: [gitHubCredential('ghp_secret', new URL(fixture.upstream.origin))] }),
});

describe('a release asset', () => {
  it('is known by id, size and digest from one request, and read from the signed URL', async () => {
    const id = publish();
    const source = await fixture.open(ref(uri), expectationOf(weights)).resolve(fixture.signal);
    expect(source.description).toMatchObject({
      source: `${uri}#id=${id}`,
      size: weights.byteLength,
      revision: String(id),
      sha256: Sha256.ofBytes(weights),
    });
    expect(fixture.upstream.requests.map(({ path }) => path)).toEqual([releasePath]);
    const parts = await Promise.all([
      readAll(source, { start: 0, end: 600_000 }),
      readAll(source, { start: 600_000, end: 1_100_000 }),
    ]);
    expect(Buffer.concat(parts).equals(weights)).toBe(true);
    expect(fixture.upstream.requests).toHaveLength(2);
  });

  it('is read from the API itself where that does not redirect', async () => {
    publish({ direct: true });
    const source = await fixture.open(ref(uri)).resolve(fixture.signal);
    expect((await readAll(source, { start: 5, end: 50 })).equals(weights.subarray(5, 50))).toBe(true);
    expect(fixture.cdn.requests).toHaveLength(0);
  });

  it('of an old release has no digest', async () => {
    publish({ digests: false });
    const source = await fixture.open(ref(uri)).resolve(fixture.signal);
    expect(source.description.sha256).toBeUndefined();
  });

  it('shares the request for its release with others of the same run', async () => {
    publish();
    for (const name of ['model.onnx', 'other.bin']) {
      await fixture.open(ref(`github://acme/models@v1%2Fbeta/${name}`)).resolve(fixture.signal);
    }
    expect(fixture.upstream.requestsTo(releasePath)).toHaveLength(1);
  });

  it('that was replaced is not taken for the one that was pinned', async () => {
    const id = publish();
    const now = github.replace(id, generateBytes('new', 1_100_000));
    const error = await failure(fixture.open(ref(`${uri}#id=${id}`)).resolve(fixture.signal));
    expect(error).toMatchObject({ outcome: 'missing', evidence: { expected: id, actual: now } });
    expect(error.message).toContain('replaced');
  });

  it('replaced after it was resolved is missing, not other bytes', async () => {
    const id = publish();
    const source = await fixture.open(ref(uri)).resolve(fixture.signal);
    github.replace(id, generateBytes('new', 1_100_000));
    expect(await failure(readAll(source))).toMatchObject({ outcome: 'missing' });
  });

  it('and its release are told apart when one is not there', async () => {
    const noRelease = await failure(fixture.open(ref(uri)).resolve(fixture.signal));
    expect(noRelease).toMatchObject({ outcome: 'missing', hint: expect.stringContaining('GITHUB_TOKEN') });
    expect(noRelease.message).toContain('tag');
    publish();
    const noAsset = await failure(fixture.open(ref('github://acme/models@v1%2Fbeta/none.bin')).resolve(fixture.signal));
    expect(noAsset).toMatchObject({ outcome: 'missing' });
    expect(noAsset.message).toContain('asset');
  });

  it('of a private repository needs the token, which never reaches the host of the bytes', async () => {
    publish({ private: true });
    expect(await failure(fixture.open(ref(uri)).resolve(fixture.signal))).toMatchObject({ outcome: 'missing' });
    const source = await fixture.open(ref(uri), {}, withToken()).resolve(fixture.signal);
    await readAll(source);
    expect(fixture.cdn.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(fixture.upstream.requests.at(-1)?.headers).toMatchObject({
      authorization: 'Bearer ghp_secret',
      accept: 'application/octet-stream',
    });
  });

  it('of a private repository is gated when the token may not be used for the public', async () => {
    publish({ private: true });
    const ports = { ...withToken(), withheldTokens: new Set(['GITHUB_TOKEN'] as const) };
    const source = await fixture.open(ref(uri), {}, ports).resolve(fixture.signal);
    expect(await failure(readAll(source))).toMatchObject({
      outcome: 'gated',
      hint: expect.stringContaining('GITHUB_TOKEN'),
    });
  });

  it('is read without the API when its quota is used up', async () => {
    const id = publish();
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 600) };
    fixture.upstream.fault(`/repos/acme/models/releases/assets/${id}`, { kind: 'status', status: 403, headers });
    const source = await fixture.open(ref(uri)).resolve(fixture.signal);
    expect((await readAll(source)).equals(weights)).toBe(true);
    fixture.upstream.fault(releasePath, { kind: 'status', status: 403, headers });
    const next = fixture.open(ref('github://acme/models@v2/x.bin'));
    fixture.upstream.fault('/repos/acme/models/releases/tags/v2', { kind: 'status', status: 403, headers });
    const error = await failure(next.resolve(fixture.signal));
    expect(error).toMatchObject({ outcome: 'rate-limited', retryable: true });
    expect(error.retryAfter).toBeGreaterThan(500);
  });
});
