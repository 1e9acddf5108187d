import { beforeEach, expect, test } from 'vitest';
import { silentReporter } from '../../../lib/core/events.ts';
import { verifyMirror } from '../../../lib/core/verify/verify-mirror.ts';
import { layOutMirror, sampleBytes } from '../../fixtures/mirror.ts';
import { httpMirror, hurried } from '../../fixtures/pulling.ts';
import { serving } from '../../fixtures/serving.ts';
import {
  answerStatus,
  answerWith,
  breakAfter,
  type Misbehaviour,
  type UnrulyServer,
  unrulyServer,
} from '../../fixtures/unruly-server.ts';

const weights = sampleBytes(500_000);
const key = 'weights/1.0.0/a.bin';
let server: UnrulyServer;
let root: string;

beforeEach(async () => {
  const mirror = await layOutMirror([
    { collection: 'weights', version: '1.0.0', files: { 'a.bin': weights, 'b.bin': 'b' } },
  ]);
  root = mirror.root;
  server = await unrulyServer(root);
});

function verify(url: string, quick = false) {
  return verifyMirror({
    reader: httpMirror(url),
    releases: [],
    quick,
    clock: hurried,
    reporter: silentReporter,
    signal: new AbortController().signal,
  });
}

test('a mirror on the web is proven by its bytes', async () => {
  const result = await verify(server.url);
  expect(result).toMatchObject({ ok: true, bytesHashed: 500_001, releases: [{ state: 'valid' }] });
  expect(result.notes).toEqual([expect.stringContaining('cannot be listed')]);
});

test.each<[string, Misbehaviour, object]>([
  ['another byte', answerWith(Buffer.concat([weights.subarray(1), Buffer.from('!')])), { kind: 'digest' }],
  ['fewer bytes', answerWith(weights.subarray(1)), { kind: 'size', expected: 500_000, actual: 499_999 }],
  ['more bytes', answerWith(Buffer.concat([weights, weights])), { kind: 'size', actual: 1_000_000 }],
  ['a missing file', answerStatus(404), { kind: 'missing' }],
  ['a refusal, which is not the same', answerStatus(403), { kind: 'refused' }],
  ['a server that stays ill', answerStatus(502), { kind: 'unreadable' }],
  ['a body that always ends early', breakAfter(0), { kind: 'unreadable' }],
])('%s is found', async (_, how, finding) => {
  server.misbehave(key, how);
  const result = await verify(server.url);
  expect(result.ok).toBe(false);
  expect(result.findings).toEqual([expect.objectContaining({ release: 'weights@1.0.0', file: 'a.bin', ...finding })]);
});

test('what passes is outlasted', async () => {
  server.misbehave(key, breakAfter(100_000), 3);
  server.misbehave('registry.json', answerStatus(503), 1);
  server.misbehave('weights/1.0.0/SHA256SUMS', answerStatus(500), 2);
  expect(await verify(server.url)).toMatchObject({ ok: true });
});

test('a quick look takes what a server announces for what it is', async () => {
  const announced = await verify(await serving(root), true);
  expect(announced).toMatchObject({ ok: true, bytesHashed: 0, releases: [{ state: 'unproven' }] });
  expect(announced.notes.some((note) => note.includes('nothing stored tells'))).toBe(false);
  const silent = await verify(server.url, true);
  expect(silent.notes.filter((note) => note.includes('nothing stored tells'))).toHaveLength(2);
});
