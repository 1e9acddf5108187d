import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { s3RetryPolicy } from '../../lib/core/stores/s3-store.ts';
import { eventually } from '../cloud/eventually.ts';
import { type S3ServerName, s3Server } from '../servers/running-servers.ts';
import { requestTimeTooSkewed, s3Answers, s3Requests } from '../servers/store-answers.ts';
import type { FaultMatch, StoreAnswer, StoreFault } from '../servers/store-fault.ts';
import { type S3Side, s3Side } from './support/s3-side.ts';
import { largeFile, openStoreAttack, type StoreAttack, smallFile } from './support/store-attack.ts';
import { visibleParts } from './support/store-problems.ts';

// Each runs the whole program several times, beside others that do.
vi.setConfig({ testTimeout: 300_000 });

const largeKey = `models/1.0.0/${largeFile}`;
const answer = (given: StoreAnswer): StoreFault => ({ kind: 'answer', answer: given });

describe.each<S3ServerName>(['versitygw', 'minio'])('staging to %s', (name) => {
  const server = s3Server(name);
  // What the proxy answers in a server's place is the same before every server: once is enough.
  const stoodIn = (title: string, tests: () => void): void => {
    if (name === 'versitygw') describe.skipIf(server === undefined)(title, tests);
  };
  let side: S3Side;
  let attack: StoreAttack;

  beforeEach(async () => {
    if (server === undefined) return;
    side = await s3Side(server);
    attack = await openStoreAttack(side);
  });

  afterEach(() => attack?.close());

  const parts = () => attack.proxy.requests.filter(({ method, target }) => isMatch(s3Requests.part, method, target));

  stoodIn('when the store fails for a while', () => {
    it('goes on after 500 and 503 now and then', async () => {
      const errors = attack.proxy.fault({ probability: 0.08, seed: 7 }, answer(s3Answers.internalError));
      const slowDown = attack.proxy.fault({ probability: 0.08, seed: 8 }, answer(s3Answers.slowDown));
      expect((await attack.stage(['--attempts', '8'])).outcome).toBe('0');
      expect(errors.met + slowDown.met).toBeGreaterThan(0);
      expect(await attack.problems()).toEqual([]);
    });

    it('gives up when it is told to slow down for ever, and goes on in the next run', async () => {
      const rule = attack.proxy.fault({ ...s3Requests.part, from: 2 }, answer(s3Answers.slowDown));
      const failed = await attack.stage(['--attempts', '2']);
      expect([failed.code, failed.stdout + failed.stderr]).toEqual([1, expect.stringContaining('SlowDown')]);
      // All parts but the first to come, each as often as a store is asked for one thing.
      const [parts, tries] = [4, s3RetryPolicy.attempts];
      expect(rule.met).toBeLessThanOrEqual((parts - 1) * tries);
      expect(await visibleParts(side, attack.release)).toEqual([]);
      attack.proxy.clear();
      expect((await attack.stage()).outcome).toBe('0');
      expect(await attack.problems()).toEqual([]);
    });

    it('waits for slow parts', async () => {
      const rule = attack.proxy.fault({ ...s3Requests.part, times: 1 }, { kind: 'throttle', bytesPerSecond: 8 << 20 });
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBe(1);
      expect(await attack.problems()).toEqual([]);
    });
  });

  const withBody: readonly [string, FaultMatch][] = [
    ['the put of a small file', { method: 'PUT', target: /small\.bin(\?|$)/ }],
    ['a part', s3Requests.part],
    ['the release record', s3Requests.release],
    ['the swap of the registry', { ...s3Requests.registry, when: ({ headers }) => headers['if-match'] !== undefined }],
    ['the completion', s3Requests.complete],
  ];
  const withoutBody: readonly [string, FaultMatch][] = [
    ['the start of the upload', s3Requests.createUpload],
    ['the listing', s3Requests.list],
  ];

  stoodIn('when a connection breaks', () => {
    it.each([...withBody, ...withoutBody])('before the server saw %s', async (_, match) => {
      const rule = attack.proxy.fault({ ...match, times: 1 }, { kind: 'drop' });
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBe(1);
      expect(await attack.problems()).toEqual([]);
    });

    it.each(withBody)('within %s', async (_, match) => {
      const rule = attack.proxy.fault({ ...match, times: 1 }, { kind: 'cut-request', at: 100 });
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBe(1);
      expect(await attack.problems()).toEqual([]);
    });
  });

  // What two servers may do otherwise is how they take the same request twice; the rest is this program's.
  const decided = withBody.filter(([what]) => what === 'the completion' || what === 'the swap of the registry');
  const lost = name === 'versitygw' ? [...withBody, ...withoutBody] : decided;

  describe.skipIf(server === undefined)('when an answer is lost', () => {
    it.each(lost)('after the server had done %s', async (what, match) => {
      const rule = attack.proxy.fault({ ...match, times: 1 }, { kind: 'lose-answer' });
      const { outcome, stdout } = await attack.stage();
      expect(outcome).toBe('0');
      expect(JSON.parse(stdout)).toMatchObject({ state: 'published', published: true });
      expect(rule.met).toBe(1);
      // Nobody was told of an upload whose id was lost; the next run ends it, or the bucket's lifecycle rule.
      if (what === 'the start of the upload') await attack.stage();
      expect(await attack.problems()).toEqual([]);
    });
  });

  describe.skipIf(server === undefined)('when an upload is not what it was', () => {
    it('begins it anew after it has expired in mid-run', async () => {
      let expired: string | undefined;
      const id = (target = '') => /[?&]uploadId=([^&]+)/.exec(target)?.[1];
      const when = ({ url }: { readonly url?: string | undefined }) => {
        expired ??= id(url);
        return id(url) === expired;
      };
      const rule = attack.proxy.fault({ ...s3Requests.part, when, from: 3 }, answer(s3Answers.noSuchUpload));
      // As a lifecycle rule would have done.
      attack.proxy.fault({ ...s3Requests.createUpload, from: 2 }, { kind: 'before', act: () => side.abortPending() });
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBeGreaterThan(0);
      expect(await attack.problems()).toEqual([]);
    });

    it('begins it anew after it has expired just before it was complete', async () => {
      const act = () => side.abortPending();
      const rule = attack.proxy.fault({ ...s3Requests.complete, times: 1 }, { kind: 'before', act });
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBe(1);
      expect(await attack.problems()).toEqual([]);
    });

    const withoutAPart = (given: StoreAnswer): StoreAnswer => ({
      ...given,
      body: Buffer.from(given.body.toString().replace(/<Part>.*?<\/Part>/s, '')),
    });
    const interrupted = async () => {
      await attack.enlarge();
      attack.proxy.fault({ ...s3Requests.part, from: 6 }, answer(s3Answers.internalError));
      expect((await attack.stage(['--attempts', '1'])).code).toBe(1);
      attack.proxy.clear();
    };

    it('sends again what a list of parts lacks when the upload is continued', async () => {
      await interrupted();
      const rule = attack.proxy.fault({ ...s3Requests.listParts, times: 1 }, { kind: 'rewrite', change: withoutAPart });
      expect((await attack.stage()).outcome).toBe('0');
      expect(rule.met).toBe(1);
      expect(await attack.problems()).toEqual([]);
    });

    it('publishes nothing while the list of parts always lacks one', async () => {
      const rule = attack.proxy.fault(s3Requests.listParts, { kind: 'rewrite', change: withoutAPart });
      const failed = await attack.stage();
      expect([failed.code, failed.outcome]).toEqual([1, expect.stringContaining('part 1 of models/1.0.0/large.bin')]);
      expect(rule.met).toBeGreaterThan(0);
      expect(await visibleParts(side, attack.release)).toEqual([]);
      attack.proxy.clear();
      expect((await attack.stage()).outcome).toBe('0');
      expect(await attack.problems()).toEqual([]);
    });
  });

  describe.skipIf(server === undefined)('when somebody else is quicker', () => {
    const race = async (match: FaultMatch, key: string, bytes: Buffer) => {
      const act = () => side.put(key, bytes);
      const rule = attack.proxy.fault({ ...match, times: 1 }, { kind: 'before', act });
      const ended = await attack.stage();
      expect(rule.met).toBe(1);
      return ended;
    };
    const content = async (file: string) => {
      const { origin } = attack.workspace.upstream;
      const found = attack.release.files.find((one) => one.file === file);
      return Buffer.from(await (await fetch(`${origin}/models/${found?.seed}/${file}`)).arrayBuffer());
    };

    it.each([
      [largeFile, s3Requests.complete],
      [smallFile, withBody[0]?.[1] ?? {}],
    ])('takes over %s with the same bytes', async (file, match) => {
      expect((await race(match, `models/1.0.0/${file}`, await content(file))).outcome).toBe('0');
      expect(await attack.problems()).toEqual([]);
    });

    it.each([
      [largeFile, s3Requests.complete],
      [smallFile, withBody[0]?.[1] ?? {}],
    ])('does not publish %s with other bytes', async (file, match) => {
      const bytes = await content(file);
      bytes[17] = (bytes[17] ?? 0) ^ 1;
      const ended = await race(match, `models/1.0.0/${file}`, bytes);
      expect([ended.code, ended.outcome]).toEqual([3, expect.stringContaining(file)]);
      expect(await side.keys()).not.toContain('models/1.0.0/release.json');
      expect(await side.pending()).toEqual([]);
    });

    it('refuses when another release of the name was published in the meantime', async () => {
      const other = await attack.workspace.addRelease('models', '1.0.0', [{ file: 'other.bin', size: 30 }], 'other');
      let others = '';
      const act = async () => {
        const options = ['--to', side.url, '--state', 'elsewhere'];
        const { code, stdout } = await attack.workspace.stage(other, options, side.variables(side.origin)).ended;
        others = `${code}: ${stdout}`;
      };
      attack.proxy.fault({ ...s3Requests.createUpload, times: 1 }, { kind: 'before', act });
      const ended = await attack.stage();
      expect(others).toMatch(/^0:/);
      expect([ended.code, ended.outcome]).toEqual([3, expect.stringMatching(/models@1\.0\.0/)]);
      expect(await side.bytes('models/1.0.0/release.json')).toBeDefined();
      expect(await side.pending()).toEqual([]);
    });
  });

  stoodIn('when the store refuses', () => {
    it('keeps the checkpoint after a 403 in mid-run, and shows nothing', async () => {
      await attack.enlarge();
      const { workspace } = attack;
      // Of nine parts the last three are refused, when the checkpoint says that the six before them are there.
      const six = `"offset":${6 * (5 << 20)}`;
      const saved = async () => {
        const names = (await workspace.filesIn(workspace.state)).filter((name) => name.endsWith('.json'));
        const texts = await Promise.all(
          names.map((name) => readFile(join(workspace.state, name), 'utf8').catch(() => '')),
        );
        return texts.some((text) => text.includes(six)) || undefined;
      };
      const after = async () => void (await eventually('a checkpoint', saved));
      const target = /partNumber=[789]&/;
      attack.proxy.fault({ ...s3Requests.part, target }, { kind: 'answer', answer: s3Answers.accessDenied, after });
      const refused = await attack.stage();
      expect([refused.code, refused.outcome]).toEqual([4, expect.stringContaining('s3:PutObject')]);
      expect(await visibleParts(side, attack.release)).toEqual([]);
      expect(await side.keys()).not.toContain(largeKey);
      const before = parts().length;
      attack.proxy.clear();
      expect((await attack.stage()).outcome).toBe('0');
      expect(parts().length - before).toBe(3);
      expect(await attack.problems()).toEqual([]);
    });

    it('says that the clock is off', async () => {
      const serverTime = new Date(Date.now() + 47 * 60_000);
      attack.proxy.fault({}, { kind: 'answer', answer: requestTimeTooSkewed(serverTime) });
      const refused = await attack.stage();
      expect([refused.code, refused.outcome]).toEqual([1, expect.stringMatching(/clock.*4[67] minutes slow/s)]);
      expect(await side.keys()).toEqual([]);
    });

    it.each([
      ['does not exist', s3Answers.noSuchBucket, 1, /there is no bucket attack-/],
      ['is in another region', s3Answers.otherRegion, 1, /eu-central-1/],
      ['denies', s3Answers.accessDenied, 4, /is not allowed for s3:|s3:GetObject is not allowed|not allowed/],
    ] as const)('says that the bucket %s', async (_, given, code, message) => {
      attack.proxy.fault({}, answer(given));
      const refused = await attack.stage();
      expect([refused.code, refused.outcome]).toEqual([code, expect.stringMatching(message)]);
      expect(await side.keys()).toEqual([]);
    });

    it('says of a bucket that really does not exist that it does not', async () => {
      const options = ['--to', 's3://no-such-bucket-of-anybody'];
      const run = attack.workspace.stage(attack.release, options, side.variables(side.origin));
      const { code, stdout, stderr } = await run.ended;
      expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('no bucket no-such-bucket-of-anybody')]);
    });
  });

  describe.skipIf(server === undefined)('when a byte is wrong', () => {
    it('is not moved by one that the line changed', async () => {
      const part = attack.proxy.fault({ ...s3Requests.part, times: 1 }, { kind: 'flip-request', at: 1_000_000 });
      const small = attack.proxy.fault(
        { method: 'PUT', target: /small\.bin(\?|$)/, times: 1 },
        { kind: 'flip-request', at: 19_999 },
      );
      expect((await attack.stage()).outcome).toBe('0');
      expect([part.met, small.met]).toEqual([1, 1]);
      expect(await attack.problems()).toEqual([]);
    });

    it('never shows one that comes again and again', async () => {
      attack.proxy.fault(s3Requests.part, { kind: 'flip-request', at: 1_000_000 });
      expect((await attack.stage(['--attempts', '2'])).code).toBe(1);
      expect(await visibleParts(side, attack.release)).toEqual([]);
      expect(await side.keys()).not.toContain(largeKey);
    });

    it('never shows one that the upstream sent', async () => {
      attack.workspace.upstream.fault('*', { kind: 'flip', at: 12_345 });
      const failed = await attack.stage();
      expect(failed.code).toBe(1);
      expect(await side.keys()).toEqual(['registry.json']);
      expect(await side.pending()).toEqual([]);
      attack.workspace.upstream.heal();
      expect((await attack.stage()).outcome).toBe('0');
      expect(await attack.problems()).toEqual([]);
    });
  });
});

function isMatch(match: { readonly method: string; readonly target: RegExp }, method: string, target: string): boolean {
  return method === match.method && match.target.test(target);
}
