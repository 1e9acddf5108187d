import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, ref, SourceFixture } from './source-fixture.ts';

let fixture: SourceFixture;

beforeAll(async () => {
  fixture = await SourceFixture.start();
});

afterAll(async () => {
  await fixture.close();
});

describe('a source that cannot be read', () => {
  it.each([
    ['hf://YOUR_USERNAME/models@main/a.ckpt', 'placeholder'],
    ['s3://bucket/key.ckpt', 'unsupported'],
    ['gs://bucket/key.ckpt', 'unsupported'],
  ])('%s ends as %s, without the network', async (uri, outcome) => {
    const error = await failure(fixture.open(ref(uri)).resolve(fixture.signal));
    expect(error).toMatchObject({ outcome, retryable: false });
    expect(error.message).toContain(uri);
    expect(fixture.upstream.requests).toHaveLength(0);
  });
});
