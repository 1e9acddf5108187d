import { ulid } from 'ulid';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { currentPolicySchema } from '../../../lib/contract/cloud/current-policy.ts';
import type { PlanInput } from '../../../lib/contract/cloud/payloads.ts';
import { policyKey } from '../../../lib/contract/cloud/state-keys.ts';
import { planRun } from '../../../lib/core/pipeline/plan-run.ts';
import type { PolicyReport } from '../../../lib/core/pipeline/policy-report.ts';
import { isPolicyReport } from '../../../lib/core/pipeline/policy-report.ts';
import { reportRun } from '../../../lib/core/pipeline/report-run.ts';
import type { Store } from '../../../lib/core/stores/store.ts';
import { Killed } from './drive-run.ts';
import { PipelineFixture, type SubmitOptions, stored } from './pipeline-fixture.ts';

const digest = 'ab'.repeat(32);
const first = `weighbridgeAccess: 1
principals:
  research: { aws: ["123456789012"] }
  farm: { tokens: [{ sha256: ${digest}, expires: 2090-01-31 }] }
grants:
  weights: { to: [research, farm], collections: ["falcon-*"], versions: ">=1.2 <3" }
  all: { to: [research], collections: ["*"] }
`;
const second = `weighbridgeAccess: 1
principals:
  research: { aws: ["123456789012"] }
grants:
  weights: { to: [research], collections: ["falcon-*"], versions: ">=1.2 <3", maximumLifetime: 1h }
  new: { to: [research], collections: [hawk], files: ["*.bin"] }
`;

let fixture: PipelineFixture;
const started: PipelineFixture[] = [];
beforeEach(async () => {
  fixture = await PipelineFixture.start();
  started.push(fixture);
});
afterAll(async () => {
  for (const one of started) await one.close();
});

const submit = (text: string, options: SubmitOptions = {}) =>
  fixture.submit(text, { kind: 'policy', publisher: 'keepers', ...options });

/** Plan, which publishes, and Report. */
async function run(input: PlanInput): Promise<PolicyReport> {
  const { next, publisher, run: id, attempt } = await planRun(input, fixture.ports());
  expect(next).toBe('report');
  const { report } = await reportRun({ publisher, run: id, attempt }, fixture.ports());
  if (report === undefined || !isPolicyReport(report)) throw new Error('no report of a policy');
  return report;
}

function current() {
  const bytes = stored(fixture.state.bucket, policyKey);
  return bytes && currentPolicySchema.parse(JSON.parse(Buffer.from(bytes).toString()));
}

describe('a submitted access policy', () => {
  it('holds from its first state on, and the report says what it grants', async () => {
    const input = await submit(first);
    const report = await run(input);
    expect(report).toMatchObject({
      ...{ ok: true, kind: 'policy', state: 'published', publisher: 'keepers', commit: 'a'.repeat(40) },
      policy: { grants: 2, principals: 2 },
    });
    expect(report.error).toBeUndefined();
    expect(report.changes?.grants).toEqual({
      added: [
        {
          name: 'weights',
          after: 'to research, farm: falcon-*; versions >=1.2 <3; every file; URLs of 15 min at most',
        },
        { name: 'all', after: 'to research: *; every version; every file; URLs of 15 min at most' },
      ],
      removed: [],
      changed: [],
    });
    expect(current()).toMatchObject({
      ...{ attempt: report.attempt, publisher: 'keepers', sha256: report.policy?.sha256 },
      policy: { principals: { research: { kind: 'aws' } }, grants: [{ name: 'weights' }, { name: 'all' }] },
    });
    expect(current()?.replaces).toBeUndefined();
  });

  it('says by name what is added, removed and changed, and of tokens the first digits alone', async () => {
    await run(await submit(first));
    const { changes } = await run(await submit(second));
    expect(changes?.grants).toMatchObject({
      added: [{ name: 'new', after: expect.stringContaining('files *.bin') }],
      removed: [{ name: 'all' }],
      changed: [
        { name: 'weights', before: expect.stringContaining('15 min'), after: expect.stringContaining('60 min') },
      ],
    });
    expect(changes?.principals).toEqual({
      added: [],
      removed: [{ name: 'farm', before: 'mirror tokens abababab until 2090-01-31' }],
      changed: [],
    });
    expect(JSON.stringify(changes)).not.toContain(digest);
  });

  it('counts as a run that published, and names no release', async () => {
    const input = await submit(first);
    const { publisher, run: id, attempt } = await planRun(input, fixture.ports());
    const { event } = await reportRun({ publisher, run: id, attempt }, fixture.ports());
    expect(event).toMatchObject({ ok: true, state: 'published', what: 'the access policy', artifactsFailed: 0 });
    expect(event).not.toHaveProperty('collection');
    // The public page counts private releases, and this is none.
    expect(fixture.mirror.bucket.keys()).toEqual([]);
  });

  it('with the same bytes is present, and still stands against what was submitted before it', async () => {
    await run(await submit(first));
    const late = await submit(second);
    expect(await run(await submit(first))).toMatchObject({ ok: true, state: 'present' });
    expect(await run(late)).toMatchObject({ ok: false, state: 'superseded' });
    expect(current()?.policy).toMatchObject({ grants: [{ name: 'weights' }, { name: 'all' }] });
  });

  it('never takes the place of one that was submitted later', async () => {
    const [earlier, later] = [await submit(first), await submit(second)];
    expect(await run(later)).toMatchObject({ ok: true, state: 'published' });
    const held = stored(fixture.state.bucket, policyKey);
    expect(await run(earlier)).toMatchObject({
      ...{ ok: false, state: 'superseded', policy: null },
      error: { code: 'Superseded' },
    });
    expect(stored(fixture.state.bucket, policyKey)).toEqual(held);
  });

  it.each<[string, string, SubmitOptions, object]>([
    [
      'is no policy',
      'weighbridgeAccess: 1\ngrants: { a: { to: [nobody], collections: ["*"] } }\n',
      {},
      {
        state: 'failed',
        error: { code: 'InvalidFile', message: expect.stringMatching(/manifests\/access\.yaml:2:\d+: grants\.a\.to/) },
      },
    ],
    [
      'is of a publisher that may not',
      first,
      { publisher: 'team' },
      {
        state: 'refused',
        error: { code: 'Refused', hint: expect.stringContaining('policy: true') },
      },
    ],
    ['is of nobody', first, { publisher: 'others' }, { state: 'refused' }],
    ['is of another deployment', first, { run: 'f'.repeat(32) }, { state: 'refused' }],
    ['is of the future', first, { attempt: ulid(Date.now() + 48 * 3600 * 1000) }, { state: 'refused' }],
  ])('that %s changes nothing, and the report says why', async (_, text, options, expected) => {
    await run(await submit(second));
    const held = stored(fixture.state.bucket, policyKey);
    const report = await run(await submit(text, options));
    expect(report).toMatchObject({ ok: false, kind: 'policy', policy: null, ...expected });
    expect(report).not.toHaveProperty('changes');
    expect(stored(fixture.state.bucket, policyKey)).toEqual(held);
  });

  it('is not put over what this version cannot read', async () => {
    await fixture.state.put(policyKey, Buffer.from('{"format":2}'), { ifAbsent: true });
    const report = await run(await submit(first));
    expect(report).toMatchObject({ ok: false, state: 'failed', error: { code: 'StoreError' } });
    expect(Buffer.from(stored(fixture.state.bucket, policyKey) ?? []).toString()).toBe('{"format":2}');
  });
});

describe('a submitted access policy, when functions are killed or called twice', () => {
  /** Every write of the state bucket and of the working state is one that the function may not survive. */
  it('comes to the same report, with the same changes, wherever it was killed', async () => {
    for (let writes = 0; writes < 50; writes += 1) {
      fixture = await PipelineFixture.start();
      started.push(fixture);
      await run(await submit(first));
      const input = await submit(second);
      const killer = killAfterPut(writes);
      fixture.around = (store) => killer.around(store);
      const killed = await planRun(input, fixture.ports()).then(
        () => false,
        (error: unknown) => error instanceof Killed,
      );
      fixture.around = (store) => store;
      const report = await run(input);
      expect(report).toMatchObject({ ok: true, state: 'published', policy: { grants: 2, principals: 1 } });
      expect(report.changes?.grants.removed, `killed behind write ${writes}`).toEqual([
        { name: 'all', before: expect.any(String) },
      ]);
      expect(current()).toMatchObject({ attempt: report.attempt });
      if (killed) continue;
      // The attempt, the submission, what it changes, the swap, and what came of it.
      expect(writes).toBe(5);
      return;
    }
    throw new Error('it was always killed');
  });

  it('is told truthfully where the execution died behind the swap', async () => {
    const input = await submit(first);
    const killer = killAfterPut(undefined);
    fixture.around = (store) => killer.around(store);
    await expect(planRun(input, fixture.ports())).rejects.toBeInstanceOf(Killed);
    fixture.around = (store) => store;
    expect(current()).toBeDefined();
    const died = { execution: input.execution, status: 'ABORTED', input: JSON.stringify(input) };
    const { report } = await reportRun({ died }, fixture.ports());
    expect(report).toMatchObject({ ok: true, state: 'published', policy: { grants: 2 } });
  });

  it('is told as failed where the execution died before it', async () => {
    const input = await submit(first);
    const died = { execution: input.execution, status: 'ABORTED', input: JSON.stringify(input) };
    const { report, event } = await reportRun({ died }, fixture.ports());
    expect(report).toMatchObject({ ok: false, kind: 'policy', state: 'failed', error: { code: 'PipelineDied' } });
    expect(event).toMatchObject({ state: 'failed', what: 'the access policy' });
  });

  it('two executions of one event publish once', async () => {
    const input = await submit(first);
    const results = await Promise.all([
      planRun(input, fixture.ports()),
      planRun(input, fixture.ports()),
      planRun({ ...input, execution: 'arn:execution:another' }, fixture.ports()),
    ]);
    expect(results.map(({ next }) => next).sort()).toEqual(['duplicate', 'report', 'report'].sort());
    expect(current()?.replaces).toBeUndefined();
  });

  it('of ten submitted at once the last one holds, in whatever order they come', async () => {
    const inputs: PlanInput[] = [];
    for (let index = 0; index < 10; index += 1) {
      inputs.push(await submit(`weighbridgeAccess: 1\nprincipals: { p${index}: { aws: ["123456789012"] } }\n`));
    }
    const shuffled = inputs.map((_, index) => inputs[(index * 7 + 3) % 10] as PlanInput);
    const reports = await Promise.all(shuffled.map(run));
    expect(current()?.policy).toMatchObject({ principals: { p9: {} } });
    const published = reports.filter(({ ok }) => ok);
    expect(published.length).toBeGreaterThan(0);
    expect(reports.every(({ state }) => state === 'published' || state === 'superseded')).toBe(true);
  });
});

/** @param at how many writes it survives; undefined: all but that of the policy */
function killAfterPut(at: number | undefined) {
  let left = at;
  return {
    around<S extends Store>(store: S): S {
      return new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (name !== 'put' || typeof value !== 'function')
            return typeof value === 'function' ? value.bind(target) : value;
          return async (key: string, ...rest: unknown[]) => {
            const put: unknown = await value.call(target, key, ...rest);
            const ends = left === undefined ? key === policyKey : left === 0;
            if (left !== undefined) left -= 1;
            if (ends) throw new Killed('killed');
            return put;
          };
        },
      });
    },
  };
}
