import { beforeAll, describe, expect, it } from 'vitest';
import {
  passInput,
  passOutput,
  planInput,
  planOutput,
  publishOutput,
  reportInput,
  reportOutput,
} from '../../lib/contract/cloud/payloads.ts';
import { pipelineErrors, retriedErrors } from '../../lib/contract/cloud/pipeline-errors.ts';
import { pipelineStack } from './pipeline-stack.ts';
import { resourcesOf, written } from './policies.ts';
import { type Machine, runStates, type State, StateError, type Surroundings } from './run-states.ts';

let machine: Machine & { readonly TimeoutSeconds: number };
/** By its name; of the machine and of its maps. */
let states: ReadonlyMap<string, State>;

beforeAll(() => {
  const { template } = pipelineStack({ deployment: { cloud: { pipeline: { concurrency: 17, timeoutSeconds: 300 } } } });
  const [resource] = resourcesOf(template, 'AWS::StepFunctions::StateMachine').values();
  machine = JSON.parse(written(resource?.Properties.DefinitionString));
  states = new Map(machines(machine).flatMap(({ States }) => Object.entries(States)));
});

function machines(of: Machine): readonly Machine[] {
  return [
    of,
    ...Object.values(of.States).flatMap(({ ItemProcessor }) => (ItemProcessor ? machines(ItemProcessor) : [])),
  ];
}

function successors({ Next, Catch = [], Choices = [], Default }: State): readonly string[] {
  return [Next, Default, ...Catch.map((one) => one.Next), ...Choices.map((one) => one.Next)].filter(
    (name) => name !== undefined,
  );
}

const tasks = () => [...states].filter(([, { Type }]) => Type === 'Task');
const state = (name: string) => states.get(name) as State;

describe('the states of the pipeline', () => {
  it('lead only to states that there are, and every one can be reached', () => {
    for (const { StartAt, States } of machines(machine)) {
      const reached = new Set([StartAt]);
      for (const name of reached) {
        expect(Object.keys(States)).toContain(name);
        for (const next of successors(States[name] as State)) reached.add(next);
      }
      expect([...reached].sort()).toEqual(Object.keys(States).sort());
    }
  });

  it('end in success or in a failure, nowhere else', () => {
    for (const [name, one] of states) {
      const ends = one.Type === 'Succeed' || one.Type === 'Fail';
      expect(successors(one).length === 0, name).toBe(ends);
    }
  });

  it('call every function again for errors that pass and for no others, with growing pauses', () => {
    expect(
      tasks()
        .map(([name]) => name)
        .sort(),
    ).toEqual(['Plan', 'Transfer', 'Publish', 'Replicate', 'PublishReplicas', 'Report'].sort());
    for (const [name, { Retry }] of tasks()) {
      expect(Retry, name).toEqual([
        {
          ErrorEquals: retriedErrors,
          IntervalSeconds: 2,
          MaxAttempts: 8,
          BackoffRate: 2,
          MaxDelaySeconds: 120,
          JitterStrategy: 'FULL',
        },
      ]);
    }
    for (const error of ['NotAuthorised', 'NoProgress', 'Superseded', 'TimeoutTooShort', 'States.ALL'] as const) {
      expect(retriedErrors).not.toContain(error);
    }
  });

  it('never begin a map anew: that would be all of its items', () => {
    expect(state('TransferAll').Retry).toBeUndefined();
    expect(state('ReplicateAll').Retry).toBeUndefined();
  });

  it('report whatever fails; what fails of an item fails no map, and Report is caught by nothing', () => {
    const caught = [...states].filter(([, { Catch }]) => Catch !== undefined).map(([name]) => name);
    expect(caught.sort()).toEqual(['Plan', 'TransferAll', 'Publish', 'ReplicateAll', 'PublishReplicas'].sort());
    for (const name of caught) {
      const next = name === 'Plan' ? 'Unplanned' : 'Report';
      expect(state(name).Catch, name).toEqual([{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: next }]);
    }
  });

  it('wait for a function longer than it may run', () => {
    expect(state('Transfer').TimeoutSeconds).toBe(360);
    expect(state('Replicate').TimeoutSeconds).toBe(360);
    expect(state('Plan').TimeoutSeconds).toBe(960);
    expect(machine.TimeoutSeconds).toBe(13 * 86_400);
  });

  it.each([
    ['PlanNext', '$.next', planOutput.shape.next.options],
    ['PublishNext', '$.next', publishOutput.shape.next.options],
    ['TransferNext', '$.status', passOutput.shape.status.options],
    ['ReplicateNext', '$.status', passOutput.shape.status.options],
  ] as const)('have in %s a way for every value of the contract', (name, variable, values) => {
    const { Choices = [], Default } = state(name);
    expect(Choices.map(({ Variable }) => Variable)).toEqual(values.map(() => variable));
    expect(Choices.map(({ StringEquals }) => StringEquals).sort()).toEqual([...values].sort());
    expect(Default).toBeUndefined();
  });

  it('have a way for a report that is well and for one that is not', () => {
    expect(state('ReportNext').Choices).toEqual([
      { Variable: '$.ok', BooleanEquals: true, Next: 'Done' },
      { Variable: '$.state', StringEquals: 'superseded', Next: 'Done' },
      { Variable: '$.ok', BooleanEquals: false, Next: 'RunFailed' },
    ]);
    expect(state('RunFailed').Error).toBe(pipelineErrors.runFailed);
  });

  it.each(['Transfer', 'Replicate'])('read the items of %s from where they are said to be, many at a time', (name) => {
    const map = state(`${name}All`);
    expect(map).toMatchObject({
      Label: name,
      MaxConcurrency: 17,
      ToleratedFailurePercentage: 100,
      ResultPath: null,
      ItemReader: {
        Resource: 'arn:<AWS::Partition>:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSONL' },
        Parameters: { 'Bucket.$': '$.items.bucket', 'Key.$': '$.items.key' },
      },
      ResultWriter: {
        Resource: 'arn:<AWS::Partition>:states:::s3:putObject',
        Parameters: { Prefix: 'map-results' },
      },
    });
    expect(map.ItemProcessor?.ProcessorConfig).toEqual({ Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' });
  });

  it('leave nothing of an item behind', () => {
    expect(state('TransferDone').OutputPath).toBeNull();
    expect(state('ReplicateDone').OutputPath).toBeNull();
  });
});

describe('a run', () => {
  const place = { publisher: 'acme', run: 'r', attempt: 'a' };
  const bucket = 'state';
  const input = { bucket, key: 'submissions/acme/r/a.json', versionId: 'v1' };
  const context = { Execution: { Id: 'arn:execution', Input: input } };
  const done = { status: 'done', wait: 0 };

  /** Functions that check what they get by the contract, and give what they are told to. */
  function run(given: Partial<Record<string, (input: never) => unknown>> = {}) {
    const seen: Record<string, unknown[]> = {};
    const keep = (name: string, value: unknown) => {
      seen[name] = [...(seen[name] ?? []), value];
      return (given[name] as ((one: unknown) => unknown) | undefined)?.(value);
    };
    const around: Surroundings = {
      context,
      entered: [],
      waited: [],
      items: { 't.jsonl': [0, 1].map((item) => ({ ...place, item })), 'r.jsonl': [{ ...place, item: 0 }] },
      tasks: {
        Plan: (raw) =>
          keep('Plan', planInput.strict().parse(raw)) ?? {
            ...place,
            next: 'transfer',
            items: { bucket, key: 't.jsonl', count: 2 },
          },
        Transfer: (raw) => keep('Transfer', passInput.parse(raw)) ?? { ...passInput.parse(raw), ...done },
        Publish: (raw) =>
          keep('Publish', attempt(raw)) ?? { ...place, next: 'replicate', items: { bucket, key: 'r.jsonl', count: 1 } },
        Replicate: (raw) => keep('Replicate', passInput.parse(raw)) ?? { ...passInput.parse(raw), ...done },
        PublishReplicas: (raw) => keep('PublishReplicas', attempt(raw)) ?? null,
        Report: (raw) =>
          keep('Report', reportInput.parse(raw)) ?? reportOutput.parse({ ...place, ok: true, state: 'published' }),
      },
    };
    let failure: string | undefined;
    try {
      runStates(machine, input, around);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      failure = error.name;
    }
    const { entered, waited } = around;
    return { seen, entered: entered.filter((name) => !name.endsWith('Next')), waited, failure };
  }

  const attempt = (raw: unknown) => planOutput.pick({ publisher: true, run: true, attempt: true }).parse(raw);
  const throws = (name: string) => () => {
    throw new StateError(name, `{"errorMessage":"${name}"}`);
  };

  it('goes through all states in their order', () => {
    const { seen, entered, failure } = run();
    expect(entered).toEqual(
      'Plan TransferAll Transfer TransferDone Transfer TransferDone Publish ReplicateAll Replicate ReplicateDone PublishReplicas Report Done'.split(
        ' ',
      ),
    );
    expect(seen.Plan).toEqual([{ ...input, execution: 'arn:execution' }]);
    expect(seen.Report).toEqual([place]);
    expect(failure).toBeUndefined();
  });

  it('calls a pass again, with what the one before said, after the time that it asked for', () => {
    const outputs = [{ status: 'continue', wait: 7, idle: 1 }, { status: 'continue', wait: 0, idle: 0 }, done, done];
    const { seen, waited } = run({ Transfer: (one: object) => ({ ...one, ...outputs.shift() }) });
    expect(waited).toEqual([7, 0]);
    expect(seen.Transfer).toEqual([
      { ...place, item: 0, idle: 0 },
      { ...place, item: 0, idle: 1 },
      { ...place, item: 0, idle: 0 },
      { ...place, item: 1, idle: 0 },
    ]);
  });

  it('publishes although items failed: what is missing is told by their records', () => {
    const { entered, failure } = run({ Transfer: throws('NoProgress') });
    expect(entered.filter((name) => name === 'Transfer')).toHaveLength(2);
    expect(entered).toContain('Publish');
    expect(failure).toBeUndefined();
  });

  it.each([
    ['publish', 'Plan Publish ReplicateAll Replicate ReplicateDone PublishReplicas Report Done'],
    ['report', 'Plan Report Done'],
    ['duplicate', 'Plan Duplicate'],
  ])('goes on with %s where the plan says so', (next, entered) => {
    expect(run({ Plan: () => ({ ...place, next }) }).entered).toEqual(entered.split(' '));
  });

  it.each([
    ['publish-replicas', 'Plan Publish PublishReplicas Report Done'],
    ['report', 'Plan Publish Report Done'],
  ])('goes on with %s where the primary says so', (next, entered) => {
    const plan = () => ({ ...place, next: 'publish' });
    expect(run({ Plan: plan, Publish: () => ({ ...place, next }) }).entered).toEqual(entered.split(' '));
  });

  it.each(['Publish', 'PublishReplicas'])('reports the error of %s, and fails if the report says so', (name) => {
    const { seen, failure } = run({
      [name]: throws('NotAuthorised'),
      Report: () => ({ ...place, ok: false, state: 'failed' }),
    });
    const error = { Error: 'NotAuthorised', Cause: '{"errorMessage":"NotAuthorised"}' };
    expect(seen.Report).toEqual([{ ...place, error }]);
    expect(failure).toBe('RunFailed');
  });

  it('ends well when a later submission took its place: that is no failure to be told of', () => {
    const { entered, failure } = run({
      Transfer: throws('Superseded'),
      Publish: throws('Superseded'),
      Report: () => ({ ...place, ok: false, state: 'superseded' }),
    });
    expect([entered.at(-1), failure]).toEqual(['Done', undefined]);
  });

  it('reports that the items of a map could not be read', () => {
    const items = { bucket, key: 'gone.jsonl', count: 1 };
    const { seen } = run({ Plan: () => ({ ...place, next: 'transfer', items }) });
    expect(seen.Report).toEqual([
      { ...place, error: { Error: 'States.ItemReaderFailed', Cause: 'there is no such object' } },
    ]);
  });

  it('without a plan is reported like an execution that died', () => {
    const { seen } = run({ Plan: throws('Unexpected') });
    const died = {
      execution: 'arn:execution',
      status: 'FAILED',
      input: JSON.stringify(input),
      error: 'Unexpected',
      cause: '{"errorMessage":"Unexpected"}',
    };
    expect(seen.Report).toEqual([{ died }]);
  });

  it('fails with the error of Report, so that the rule on dead executions sees it', () => {
    expect(run({ Report: throws('Unavailable') }).failure).toBe('Unavailable');
  });
});
