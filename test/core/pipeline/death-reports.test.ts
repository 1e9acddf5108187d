import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportKey } from '../../../lib/contract/cloud/state-keys.ts';
import { planRun } from '../../../lib/core/pipeline/plan-run.ts';
import { reportRun } from '../../../lib/core/pipeline/report-run.ts';
import { driveRun } from './drive-run.ts';
import { PipelineFixture, stored } from './pipeline-fixture.ts';

const weights = [{ id: 'weights', bytes: Buffer.from('weights') }];

let fixture: PipelineFixture;

beforeEach(async () => {
  fixture = await PipelineFixture.start();
});
afterEach(() => fixture.close());

describe('the report of an execution that died before it took its attempt', () => {
  it('is the end of the attempt: a second execution of the same event does nothing', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    const died = { execution: input.execution, status: 'FAILED', input: JSON.stringify(input) };
    const { report } = await reportRun({ died }, fixture.ports());
    expect(report).toMatchObject({ ok: false, state: 'failed', collection: 'models', version: '1.0.0' });
    const second = await planRun({ ...input, execution: 'arn:execution:second' }, fixture.ports());
    expect(second.next).toBe('duplicate');
  });

  it('is not written where another execution has the attempt', async () => {
    const input = await fixture.submit(fixture.manifest(weights));
    await planRun(input, fixture.ports());
    const died = { execution: 'arn:execution:second', status: 'FAILED', input: JSON.stringify(input) };
    const { output, report } = await reportRun({ died }, fixture.ports());
    expect(output.state).toBe('duplicate');
    expect(report).toBeUndefined();
    expect(stored(fixture.state.bucket, reportKey(output))).toBeUndefined();
  });
});

describe('the report of a submission that was refused', () => {
  it('does not tell who may not publish a collection what is published of it', async () => {
    const manifest = fixture.manifest(weights, { access: 'private' });
    await driveRun(fixture, await fixture.submit(manifest));
    const others = { principals: ['arn:aws:iam::123456789012:role/others'], collections: ['other'] };
    const { team } = fixture.configuration.publishers;
    if (team === undefined) throw new Error('there is no team');
    fixture.configure({ publishers: { team, others: { ...team, ...others } } });
    const { reported } = await driveRun(fixture, await fixture.submit(manifest, { publisher: 'others' }));
    expect(reported?.report).toMatchObject({ state: 'refused', published: false, content: null });
  });
});
