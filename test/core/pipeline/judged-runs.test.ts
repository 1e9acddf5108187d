import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSubmissionKey, reportKey } from '../../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { planRun } from '../../../lib/core/pipeline/plan-run.ts';
import { publishRun } from '../../../lib/core/pipeline/publish-run.ts';
import { reportRun } from '../../../lib/core/pipeline/report-run.ts';
import { transferItem } from '../../../lib/core/pipeline/transfer-item.ts';
import { patternBytes } from '../../support/transfer-ports.ts';
import { driveRun } from './drive-run.ts';
import { PipelineFixture, stored } from './pipeline-fixture.ts';

const large = patternBytes(1 << 20, 7);
const small = Buffer.from('{"layers": 2}\r\n');

let fixture: PipelineFixture;

beforeEach(async () => {
  fixture = await PipelineFixture.start();
});
afterEach(() => fixture.close());

const weights = [{ id: 'weights', bytes: large }];
const nothingWritten = () =>
  expect(fixture.mirror.bucket.keys().filter((key) => key !== '_weighbridge/status.json')).toEqual([]);

describe('a submission is refused before anything is fetched or written', () => {
  const refused = async (input: Parameters<typeof driveRun>[1], message: string) => {
    const { reported } = await driveRun(fixture, input);
    expect(reported?.report).toMatchObject({ ok: false, state: 'refused', published: false });
    expect(reported?.report?.error?.message).toContain(message);
    expect(fixture.upstream.requests).toEqual([]);
    nothingWritten();
    return reported?.report;
  };

  it('of a publisher that may not publish the collection', async () => {
    const input = await fixture.submit(fixture.manifest(weights, { collection: 'others' }));
    await refused(input, 'team may not publish others');
    expect(stored(fixture.mirror.bucket, '_weighbridge/status.json')).toBeUndefined();
  });

  it('of a publisher that nobody named', async () => {
    await refused(await fixture.submit(fixture.manifest(weights), { publisher: 'nobody' }), 'nobody is no publisher');
  });

  it('of a publisher that may not publish such releases', async () => {
    const { team } = fixture.configuration.publishers;
    if (team === undefined) throw new Error('there is no publisher');
    fixture.configure({ publishers: { team: { ...team, access: ['private'] } } });
    await refused(await fixture.submit(fixture.manifest(weights)), 'team may not publish public releases');
  });

  it('under the id of another run', async () => {
    const forged = await fixture.submit(fixture.manifest(weights), { run: '0'.repeat(32) });
    await refused(forged, `run ${'0'.repeat(32)}`);
  });

  it('with a source that is not granted', async () => {
    fixture.configure({ sources: { ...fixture.configuration.sources, hosts: [] } });
    const report = await refused(await fixture.submit(fixture.manifest(weights)), '127.0.0.1');
    expect(report?.error?.message).toContain('weights: ');
  });

  it('that is more than a run may fetch, or may cost', async () => {
    fixture.configure({ maxRunBytes: large.length - 1 });
    const many = await driveRun(fixture, await fixture.submit(fixture.manifest(weights)));
    expect(many.reported?.report?.error).toMatchObject({
      code: 'Refused',
      message: expect.stringContaining('maxRunBytes'),
    });
    fixture.configure({ maxRunBytes: undefined, maxRunCost: 1e-9 });
    const dear = await driveRun(fixture, await fixture.submit(fixture.manifest(weights)));
    expect(dear.reported?.report?.error).toMatchObject({
      code: 'Refused',
      message: expect.stringContaining('maxRunCost'),
    });
    expect(fixture.upstream.bytesServed('/weights')).toBeLessThan(100);
  });

  it.each([
    ['maxRunBytes', 1e12],
    ['maxRunCost', 1000],
  ])('of a size that upstream is too busy to tell, where %s is set', async (limit, value) => {
    const unsized = fixture.manifest(weights).replace(/,"size":\d+/, '');
    const busy = { kind: 'status', status: 429, headers: { 'retry-after': '600' } } as const;
    fixture.upstream.fault('/weights', busy, { times: 1 });
    fixture.configure({ [limit]: value });
    const { reported } = await driveRun(fixture, await fixture.submit(unsized));
    expect(reported?.report).toMatchObject({ ok: false, state: 'refused', published: false });
    expect(reported?.report?.error?.message).toContain('the size of weights.bin is not known');
  });

  it('from a clock that is days ahead, which would keep later ones out', async () => {
    const attempt = ulid(Date.now() + 3 * 86_400_000);
    await refused(await fixture.submit(fixture.manifest(weights), { attempt }), 'a time that has not come');
  });

  it('that is no submission at all', async () => {
    await refused(await fixture.submit(fixture.manifest(weights), { text: '{"format": 2}' }), 'is no submission');
  });

  it('whose manifest does not parse, with every problem', async () => {
    const wrong = fixture.manifest(weights).replace('"access":"public"', '"access":"everybody","color":"red"');
    const { reported } = await driveRun(fixture, await fixture.submit(wrong));
    expect(reported?.report).toMatchObject({ ok: false, state: 'failed', error: { code: 'InvalidFile' } });
    expect(reported?.report?.error?.message).toMatch(/1\.0\.0\.yaml:1:\d+: access: /);
    expect(reported?.report?.error?.message).toContain('color');
    nothingWritten();
  });
});

describe('one event', () => {
  it('that starts two executions makes one attempt, and the other ends without a report of its own', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    const [one, other] = await Promise.all([
      planRun({ ...input, execution: 'arn:one' }, fixture.ports()),
      planRun({ ...input, execution: 'arn:other' }, fixture.ports()),
    ]);
    expect([one.next, other.next].sort()).toEqual(['duplicate', 'transfer']);
    const execution = one.next === 'duplicate' ? 'arn:one' : 'arn:other';
    const died = { execution, status: 'ABORTED', input: JSON.stringify({ ...input, execution }) };
    expect(await reportRun({ died }, fixture.ports())).toMatchObject({ report: undefined, event: undefined });
    expect(stored(fixture.state.bucket, reportKey(one))).toBeUndefined();
  });

  it('is planned again by the same execution, with the same answer', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    const first = await planRun(input, fixture.ports());
    fixture.upstream.remove('/weights');
    expect(await planRun(input, fixture.ports())).toEqual(first);
  });

  it('counts with the bytes that it was about, whatever is written there later', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    fixture.state.bucket.overwrite(input.key, Buffer.from('{}'));
    const planned = await planRun(input, fixture.ports());
    expect(planned.next).toBe('transfer');
  });
});

describe('a later submission of the same release', () => {
  const submitBoth = async () => {
    const earlier = await fixture.submit(fixture.manifest(weights));
    const later = await fixture.submit(fixture.manifest(weights, { description: 'the right one' }));
    return { earlier, later };
  };

  it('takes the place of one that was not planned yet', async () => {
    const { earlier, later } = await submitBoth();
    await planRun(later, fixture.ports());
    const { reported } = await driveRun(fixture, earlier);
    expect(reported?.report).toMatchObject({ ok: false, state: 'superseded', error: { code: 'Superseded' } });
    expect(fixture.upstream.bytesServed('/weights')).toBeLessThan(100);
  });

  it('takes the place of one that is moving bytes, at its next checkpoint', async () => {
    const { earlier, later } = await submitBoth();
    const planned = await planRun(earlier, fixture.ports());
    const { publisher, run, attempt } = planned;
    fixture.upstream.fault('/weights', { kind: 'throttle', bytesPerSecond: 1 << 18 });
    const moving = transferItem({ publisher, run, attempt, item: 0, idle: 0 }, fixture.ports());
    while (fixture.upstream.bytesServed('/weights') < 1000) await new Promise((resolve) => setTimeout(resolve, 5));
    await planRun(later, fixture.ports());
    expect(await moving).toMatchObject({ status: 'done' });
    expect(stored(fixture.mirror.bucket, 'models/1.0.0/weights.bin')).toBeUndefined();
    expect((await publishRun({ publisher, run, attempt }, fixture.ports())).next).toBe('report');
    const { output } = await reportRun({ publisher, run, attempt }, fixture.ports());
    expect(output).toMatchObject({ ok: false, state: 'superseded' });
  });

  it('takes the place of one that is about to publish', async () => {
    const { earlier, later } = await submitBoth();
    const before = async (state: string) => {
      if (state === 'publish') await planRun(later, fixture.ports());
    };
    const { reported } = await driveRun(fixture, earlier, { before });
    expect(reported?.report).toMatchObject({ ok: false, state: 'superseded', published: false });
    expect(stored(fixture.mirror.bucket, 'models/1.0.0/SHA256SUMS')).toBeUndefined();
    const { reported: second } = await driveRun(fixture, later);
    expect(second?.report).toMatchObject({ ok: true, state: 'published' });
  });

  it('comes too late for one whose files are decided', async () => {
    const { earlier, later } = await submitBoth();
    const before = async (state: string) => {
      if (state !== 'publish') return;
      const line = `${Sha256.ofBytes(large).hex}  weights.bin\n`;
      await fixture.mirror.put('models/1.0.0/SHA256SUMS', Buffer.from(line), { ifAbsent: true });
      await planRun(later, fixture.ports());
    };
    const { reported } = await driveRun(fixture, earlier, { before });
    expect(reported?.report).toMatchObject({ ok: true, state: 'published' });
  });

  it('with the same manifest shares the work', async () => {
    const manifest = fixture.manifest(weights);
    const earlier = await fixture.submit(manifest);
    await planRun(await fixture.submit(manifest), fixture.ports());
    expect((await driveRun(fixture, earlier)).reported?.report).toMatchObject({ ok: true, state: 'published' });
  });
});

describe('an execution that died', () => {
  it('has a report that says so, with what was done', async () => {
    const two = [{ id: 'config', bytes: small }, ...weights];
    const input = await fixture.submit(fixture.manifest(two));
    // An item of its own: it is read, not fetched.
    await fixture.mirror.put('models/1.0.0/config.bin', small, { ifAbsent: true });
    const { publisher, run, attempt } = await planRun(input, fixture.ports());
    await transferItem({ publisher, run, attempt, item: 0, idle: 0 }, fixture.ports());
    const died = { execution: input.execution, status: 'TIMED_OUT', input: JSON.stringify(input) };
    const { report, event } = await reportRun({ died }, fixture.ports());
    expect(report).toMatchObject({ ok: false, state: 'failed', error: { code: 'PipelineDied' } });
    expect(report?.error?.message).toContain('TIMED_OUT');
    expect(report).toMatchObject({ artifacts: [{ state: 'present' }, { state: 'skipped' }] });
    expect(event).toMatchObject({ state: 'failed' });
  });

  it('keeps the report that its own last state had written', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    const { reported } = await driveRun(fixture, input);
    const died = { execution: input.execution, status: 'FAILED', input: JSON.stringify(input) };
    const after = await reportRun({ died }, fixture.ports());
    expect(after.report).toEqual(reported?.report);
    expect(after.event).toBeUndefined();
  });

  it('before it took its attempt still has one', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    const died = {
      execution: input.execution,
      status: 'FAILED',
      input: JSON.stringify(input),
      error: 'States.Runtime',
    };
    const { report } = await reportRun({ died }, fixture.ports());
    expect(report).toMatchObject({ ok: false, state: 'failed', run: parseSubmissionKey(input.key)?.run });
  });

  it('and was started by something else than a submission is told to nobody', async () => {
    const died = {
      execution: 'arn:x',
      status: 'FAILED',
      input: JSON.stringify({ bucket: 'state', key: 'submissions/x' }),
    };
    expect(await reportRun({ died }, fixture.ports())).toMatchObject({ output: { ok: false }, report: undefined });
  });
});
