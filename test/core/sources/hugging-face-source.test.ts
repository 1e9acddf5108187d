import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { huggingFaceCredential } from '../../../lib/core/http/credential.ts';
import { surveyHuggingFace } from '../../../lib/core/sources/hugging-face-survey.ts';
import { generateBytes } from '../../upstream/generate-bytes.ts';
import { gitBlob, HuggingFaceHub } from '../../upstream/hugging-face-hub.ts';
import { expectationOf, failure, readAll, ref, SourceFixture } from './source-fixture.ts';

const weights = generateBytes('hf', 1_200_000);
const config = Buffer.from('{"hidden_size": 64}\n');
const repo = 'acme/tiny';
let fixture: SourceFixture;
let hub: HuggingFaceHub;
let commit: string;

beforeEach(async () => {
  fixture = await SourceFixture.start();
  hub = new HuggingFaceHub(fixture.upstream, fixture.cdn);
  commit = hub.add({
    repo,
    files: { 'config.json': config, 'sub dir/model#1.safetensors': weights, 'a.txt': config, 'b.txt': config },
  });
});

afterEach(async () => {
  await fixture.close();
});

const file = 'sub%20dir/model%231.safetensors';
const withToken = () => ({
  http: fixture.client({ credentials: [huggingFaceCredential('hf_secret', new URL(fixture.upstream.origin))] }),
});

describe('a file in LFS', () => {
  it('is known by commit, size and SHA-256 before a byte is read, and read from the signed URL', async () => {
    const source = await fixture.open(ref(`hf://${repo}@main/${file}`)).resolve(fixture.signal);
    expect(source.description).toEqual({
      source: `hf://${repo}@${commit}/${file}`,
      size: weights.byteLength,
      version: commit,
      revision: commit,
      sha256: Sha256.ofBytes(weights),
      mediaType: undefined,
    });
    const half = weights.byteLength / 2;
    const parts = await Promise.all([
      readAll(source, { start: 0, end: half }),
      readAll(source, { start: half, end: 2 * half }),
    ]);
    expect(Buffer.concat(parts).equals(weights)).toBe(true);
    expect(fixture.upstream.requests.map(({ method }) => method)).toEqual(['HEAD']);
    expect(fixture.cdn.requests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('is asked for again when its signed URL expires', async () => {
    const source = await fixture.open(ref(`hf://${repo}@main/${file}`)).resolve(fixture.signal);
    await readAll(source, { start: 0, end: 10 });
    hub.expireSignedUrls();
    expect((await readAll(source, { start: 0, end: weights.byteLength })).equals(weights)).toBe(true);
    expect(fixture.upstream.requests.map(({ path }) => path.includes(commit))).toEqual([false, true]);
  });

  it('is refused when its digest or size is not the manifest’s', async () => {
    const open = (expected: object) => fixture.open(ref(`hf://${repo}@main/${file}`), expected).resolve(fixture.signal);
    expect(await failure(open({ sha256: Sha256.ofBytes('other') }))).toMatchObject({ outcome: 'wrong-digest' });
    expect(await failure(open({ size: 5 }))).toMatchObject({ outcome: 'wrong-size' });
    expect((await open(expectationOf(weights))).description.size).toBe(weights.byteLength);
  });

  it('gets the token at the Hub and never at the host of the bytes', async () => {
    const source = await fixture.open(ref(`hf://${repo}@main/${file}`), {}, withToken()).resolve(fixture.signal);
    await readAll(source);
    expect(fixture.upstream.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer hf_secret']);
    expect(fixture.cdn.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

describe('a small file', () => {
  it('is known by its Git blob, behind a relative redirect', async () => {
    const source = await fixture.open(ref(`hf://${repo}@main/config.json`), { kind: 'config' }).resolve(fixture.signal);
    expect(source.description).toMatchObject({
      source: `hf://${repo}@${commit}/config.json`,
      size: config.byteLength,
      sha256: undefined,
      gitBlobSha1: gitBlob(config),
      revision: commit,
    });
    expect((await readAll(source)).equals(config)).toBe(true);
  });
});

describe('what the Hub refuses', () => {
  it.each([
    ['hf://acme/none@main/config.json', 'missing', /repository/],
    [`hf://${repo}@nobranch/config.json`, 'missing', /revision/],
    [`hf://${repo}@main/none.json`, 'missing', /file/],
    ['hf://datasets/acme/tiny@main/config.json', 'missing', /repository/],
  ])('%s is %s', async (uri, outcome, words) => {
    const error = await failure(fixture.open(ref(uri)).resolve(fixture.signal));
    expect(error).toMatchObject({ outcome, retryable: false });
    expect(error.message).toMatch(words);
  });

  it('for want of a licence is gated, and says where to accept it', async () => {
    hub.add({ repo: 'acme/gated', gated: true, files: { 'w.bin': weights } });
    const error = await failure(fixture.open(ref('hf://acme/gated@main/w.bin')).resolve(fixture.signal));
    expect(error).toMatchObject({ outcome: 'gated', retryable: false, hint: expect.stringContaining('licence') });
    const open = fixture.open(ref('hf://acme/gated@main/w.bin'), {}, withToken());
    expect((await open.resolve(fixture.signal)).description.size).toBe(weights.byteLength);
  });

  it('because a token may not be used for the public is gated, with that hint, and no token is sent', async () => {
    hub.add({ repo: 'acme/gated', gated: true, files: { 'w.bin': weights } });
    const ports = { ...withToken(), withheldTokens: new Set(['HF_TOKEN'] as const) };
    const error = await failure(fixture.open(ref('hf://acme/gated@main/w.bin'), {}, ports).resolve(fixture.signal));
    expect(error).toMatchObject({ outcome: 'gated', hint: expect.stringContaining('tokens: {HF_TOKEN: {for: any}}') });
    expect(fixture.upstream.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it('for too many requests says when to come back', async () => {
    fixture.upstream.fault('*', { kind: 'status', status: 429, headers: { RateLimit: '"resolvers";r=0;t=42' } });
    const error = await failure(fixture.open(ref(`hf://${repo}@main/config.json`)).resolve(fixture.signal));
    expect(error).toMatchObject({ outcome: 'rate-limited', retryable: true, retryAfter: 43 });
  });
});

describe('a repository', () => {
  const repository = { repoType: 'models', repo, revision: 'main' } as const;

  it('is surveyed by its revision and the pages of its tree', async () => {
    const access = { http: fixture.client(), endpoint: new URL(fixture.upstream.origin) };
    const survey = await surveyHuggingFace(access, repository, fixture.signal);
    expect(survey.commit).toBe(commit);
    expect([...survey.files.keys()]).toEqual(['config.json', 'sub dir/model#1.safetensors', 'a.txt', 'b.txt']);
    expect(survey.files.get('sub dir/model#1.safetensors')).toMatchObject({
      size: weights.byteLength,
      sha256: Sha256.ofBytes(weights),
      gitBlobSha1: undefined,
    });
    expect(survey.files.get('config.json')).toMatchObject({ sha256: undefined, gitBlobSha1: gitBlob(config) });
    expect(fixture.upstream.requests).toHaveLength(4);
  });

  it('of which many files are wanted is listed once, not asked for each', async () => {
    const names = ['config.json', file, 'a.txt', 'b.txt'];
    const sources = names.map((name) => fixture.open(ref(`hf://${repo}@main/${name}`), { kind: 'config' }));
    const resolved = await Promise.all(sources.map((source) => source.resolve(fixture.signal)));
    expect(fixture.upstream.requests).toHaveLength(4);
    expect(resolved[1]?.description).toMatchObject({
      sha256: Sha256.ofBytes(weights),
      source: `hf://${repo}@${commit}/${file}`,
    });
    expect((await readAll(resolved[0] as never)).equals(config)).toBe(true);
    const large = resolved[1] as never;
    await Promise.all([readAll(large, { start: 0, end: 10 }), readAll(large, { start: 10, end: 20 })]);
    expect(fixture.upstream.requests.filter(({ method }) => method === 'HEAD')).toHaveLength(1);
    const absent = fixture.open(ref(`hf://${repo}@main/none.json`));
    expect(await failure(absent.resolve(fixture.signal))).toMatchObject({ outcome: 'missing' });
  });

  it('that cannot be listed is asked file by file', async () => {
    fixture.upstream.fault(`/api/models/${repo}/revision/main`, { kind: 'status', status: 404 });
    const sources = ['config.json', 'a.txt', 'b.txt', file].map((name) =>
      fixture.open(ref(`hf://${repo}@main/${name}`), { kind: 'config' }),
    );
    const resolved = await Promise.all(sources.map((source) => source.resolve(fixture.signal)));
    expect(resolved.map(({ description }) => description.revision)).toEqual([commit, commit, commit, commit]);
  });

  it('whose endpoint has a path of its own is found below it', async () => {
    const endpoint = new URL(`${fixture.upstream.origin}/hf/`);
    const source = fixture.open(ref(`hf://${repo}@refs%2Fpr%2F1/a.txt`), {}, { huggingFaceEndpoint: endpoint });
    await failure(source.resolve(fixture.signal));
    expect(fixture.upstream.requests[0]?.path).toBe(`/hf/${repo}/resolve/refs%2Fpr%2F1/a.txt`);
  });
});
