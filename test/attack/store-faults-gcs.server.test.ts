import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gcsAnswers, gcsRequests } from '../servers/store-answers.ts';
import type { FaultMatch, StoreAnswer, StoreFault } from '../servers/store-fault.ts';
import { type RunningStrictGcs, startStrictGcs } from '../servers/strict-gcs/start-strict-gcs.ts';
import type { BucketSide } from './support/bucket-side.ts';
import { gcsSide } from './support/gcs-side.ts';
import { largeFile, openStoreAttack, type StoreAttack, smallFile } from './support/store-attack.ts';
import { visibleParts } from './support/store-problems.ts';

// Each runs the whole program several times, beside others that do.
vi.setConfig({ testTimeout: 300_000 });

const largeKey = `models/1.0.0/${largeFile}`;
const weekAndDay = 8 * 24 * 3600;
const answer = (given: StoreAnswer): StoreFault => ({ kind: 'answer', answer: given });
const writes = ({ method }: { readonly method?: string | undefined }) => method === 'POST' || method === 'PUT';
/** A write of a file, whose name may be in the query or, in a multipart body, nowhere in the address. */
const lastChunk: FaultMatch = {
  ...gcsRequests.chunk,
  when: ({ headers }) => /-(\d+)\/\d+$/.test(headers['content-range'] ?? '') && isLast(headers['content-range'] ?? ''),
};

function isLast(range: string): boolean {
  const [, end, total] = /-(\d+)\/(\d+)$/.exec(range) ?? [];
  return end !== undefined && Number(end) + 1 === Number(total);
}

describe('staging to GCS', () => {
  let strict: RunningStrictGcs;
  let side: BucketSide;
  let attack: StoreAttack;

  beforeEach(async () => {
    strict = await startStrictGcs({ anonymous: true });
    const access = { apiEndpoint: strict.url, projectId: 'strict' };
    side = await gcsSide(access, () => strict.server.sessions.open);
    attack = await openStoreAttack(side);
  });

  afterEach(async () => {
    await attack?.close();
    await strict?.stop();
  });

  const chunks = () =>
    attack.proxy.requests.filter(({ method, target }) => method === 'PUT' && /upload_id=/.test(target));

  describe('when the store fails for a while', () => {
    it('goes on after 500, 503 and 429 now and then', async () => {
      const faults = [gcsAnswers.internalError, gcsAnswers.backendError, gcsAnswers.rateLimited].map((given, index) =>
        attack.proxy.fault({ probability: 0.08, seed: 20 + index }, answer(given)),
      );
      expect((await attack.stage(['--attempts', '8'])).outcome).toBe('0');
      expect(faults.reduce((sum, { met }) => sum + met, 0)).toBeGreaterThan(0);
      expect(await attack.problems()).toEqual([]);
    });

    it('gives up when it fails for ever, and goes on in the next run', async () => {
      attack.proxy.fault({ ...gcsRequests.chunk, from: 2 }, answer(gcsAnswers.backendError));
      expect((await attack.stage(['--attempts', '2'])).code).toBe(1);
      expect(await visibleParts(side, attack.release)).toEqual([]);
      attack.proxy.clear();
      expect((await attack.stage()).outcome).toBe('0');
      expect(await attack.problems()).toEqual([]);
    });

    it('waits for slow chunks', async () => {
      const fault: StoreFault = { kind: 'throttle', bytesPerSecond: 8 << 20 };
      const rule = attack.proxy.fault({ ...gcsRequests.chunk, times: 1 }, fault);
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBe(1);
      expect(await attack.problems()).toEqual([]);
    });
  });

  const cases: readonly [string, FaultMatch][] = [
    ['the first write of all, which claims the store', { when: writes }],
    ['the second write', { when: writes, from: 2 }],
    ['the third write', { when: writes, from: 3 }],
    ['the fifth write', { when: writes, from: 5 }],
    ['the sixth write', { when: writes, from: 6 }],
    ['the seventh write', { when: writes, from: 7 }],
    ['a chunk', gcsRequests.chunk],
    ['the second chunk', { ...gcsRequests.chunk, from: 2 }],
    ['the last chunk, which completes', lastChunk],
    ['the listing', gcsRequests.list],
  ];

  describe('when a connection breaks', () => {
    it.each(cases)('before the server saw %s', async (_, match) => {
      const rule = attack.proxy.fault({ ...match, times: 1 }, { kind: 'drop' });
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBe(1);
      expect(await attack.problems()).toEqual([]);
    });

    it.each(cases)('after the server had done %s', async (_, match) => {
      const rule = attack.proxy.fault({ ...match, times: 1 }, { kind: 'lose-answer' });
      const { outcome, stdout } = await attack.stage();
      expect(outcome).toBe('0');
      expect(JSON.parse(stdout)).toMatchObject({ state: 'published', published: true });
      expect(rule.met).toBe(1);
      const problems = await attack.problems();
      const lost = attack.proxy.requests.find(({ fault }) => fault === 'lose-answer')?.target ?? '';
      const session = /uploadType=resumable&name=/.test(lost);
      // Nobody ever heard the address of a session whose answer was lost; it ends by itself and costs nothing.
      expect(problems.filter((problem) => !(session && problem.startsWith('an upload')))).toEqual([]);
    });

    it('within a chunk', async () => {
      const rule = attack.proxy.fault({ ...gcsRequests.chunk, times: 1 }, { kind: 'cut-request', at: 300_000 });
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBe(1);
      expect(await attack.problems()).toEqual([]);
    });
  });

  it('begins an upload anew whose session expired in mid-run', async () => {
    const act = async () => {
      strict.server.sessions.advanced += weekAndDay;
    };
    const rule = attack.proxy.fault({ ...gcsRequests.chunk, from: 2, times: 1 }, { kind: 'before', act });
    expect((await attack.stage()).outcome).toBe('0');
    expect(rule.met).toBe(1);
    const problems = await attack.problems();
    expect(problems.filter((problem) => !problem.startsWith('an upload'))).toEqual([]);
  });

  describe('when somebody else is quicker', () => {
    const content = async (file: string) => {
      const found = attack.release.files.find((one) => one.file === file);
      const url = `${attack.workspace.upstream.origin}/models/${found?.seed}/${file}`;
      return Buffer.from(await (await fetch(url)).arrayBuffer());
    };
    const race = async (match: FaultMatch, file: string, change: (bytes: Buffer) => void) => {
      const bytes = await content(file);
      change(bytes);
      const act = () => side.put(`models/1.0.0/${file}`, bytes);
      const rule = attack.proxy.fault({ ...match, times: 1 }, { kind: 'before', act });
      const ended = await attack.stage();
      expect(rule.met).toBe(1);
      return ended;
    };
    const small: FaultMatch = { ...gcsRequests.simpleUpload, from: 2 };

    it.each([
      [largeFile, lastChunk],
      [smallFile, small],
    ])('takes over %s with the same bytes', async (file, match) => {
      expect((await race(match, file, () => undefined)).outcome).toBe('0');
      expect(await attack.problems()).toEqual([]);
    });

    it.each([
      [largeFile, lastChunk],
      [smallFile, small],
    ])('does not publish %s with other bytes', async (file, match) => {
      const ended = await race(match, file, (bytes) => bytes.writeUInt8((bytes[17] ?? 0) ^ 1, 17));
      expect([ended.code, ended.outcome]).toEqual([3, expect.stringContaining(file)]);
      expect(await side.keys()).not.toContain('models/1.0.0/release.json');
    });
  });

  describe('when the store refuses', () => {
    it('keeps the checkpoint after a 403 in mid-run, and shows nothing', async () => {
      await attack.enlarge();
      attack.proxy.fault({ ...gcsRequests.chunk, from: 5 }, answer(gcsAnswers.forbidden));
      const refused = await attack.stage();
      expect(refused.code, refused.outcome).toBe(4);
      expect(await visibleParts(side, attack.release)).toEqual([]);
      expect(await side.keys()).not.toContain(largeKey);
      const before = chunks().reduce((sum, { bytes }) => sum + bytes, 0);
      attack.proxy.clear();
      expect((await attack.stage()).outcome).toBe('0');
      const again = chunks().reduce((sum, { bytes }) => sum + bytes, 0) - before;
      expect(again).toBeLessThan(25 << 20);
      expect(await attack.problems()).toEqual([]);
    });

    it.each([
      ['does not exist', gcsAnswers.noSuchBucket, 1, /no bucket|not exist/],
      ['denies', gcsAnswers.forbidden, 4, /storage\.|not allowed/],
      ['does not know the credentials', gcsAnswers.unauthorized, 4, /credentials/i],
    ] as const)('says that the bucket %s', async (_, given, code, message) => {
      attack.proxy.fault({}, answer(given));
      const refused = await attack.stage();
      expect([refused.code, refused.outcome]).toEqual([code, expect.stringMatching(message)]);
      expect(await side.keys()).toEqual([]);
    });
  });

  describe('when a byte is wrong', () => {
    it('never shows one that the line changed', async () => {
      const rule = attack.proxy.fault({ ...gcsRequests.chunk, times: 1 }, { kind: 'flip-request', at: 1_000_000 });
      const { code } = await attack.stage();
      expect(rule.met).toBe(1);
      if (code !== 0) expect(await visibleParts(side, attack.release)).toEqual([]);
      if (code !== 0) expect((await attack.stage()).outcome).toBe('0');
      expect(await attack.problems()).toEqual([]);
    });

    it('never shows one that comes again and again', async () => {
      attack.proxy.fault(gcsRequests.chunk, { kind: 'flip-request', at: 1_000_000 });
      expect((await attack.stage(['--attempts', '2'])).code).toBe(1);
      expect(await visibleParts(side, attack.release)).toEqual([]);
      expect(await side.keys()).not.toContain(largeKey);
    });

    it('never shows one that the upstream sent', async () => {
      attack.workspace.upstream.fault('*', { kind: 'flip', at: 12_345 });
      expect((await attack.stage()).code).toBe(1);
      expect(await side.keys()).toEqual(['registry.json']);
      attack.workspace.upstream.heal();
      expect((await attack.stage()).outcome).toBe('0');
      expect(await attack.problems()).toEqual([]);
    });
  });
});
