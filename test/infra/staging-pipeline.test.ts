import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { planInput, reportInput } from '../../lib/contract/cloud/payloads.ts';
import type { StagingPipeline } from '../../lib/infra/staging-pipeline.ts';
import { pipelineStack } from './pipeline-stack.ts';
import { allows, resourcesOf, type Statement, statement, written } from './policies.ts';

const sources = {
  hosts: ['example.org'],
  buckets: [
    {
      bucket: 's3://elsewhere',
      keys: ['models/*', 'one.bin'],
      account: '111122223333',
      kmsKey: 'arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef',
    },
    { bucket: 's3://here', for: 'any' },
    { bucket: 'gs://google' },
  ],
  tokens: {
    huggingFace: { secret: 'weights/hf' },
    github: { secret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gh-AbCdEf' },
    origins: [{ origin: 'https://example.org', secret: 'weights/hf' }],
  },
};
const gcs = {
  project: 'some-project',
  public: { name: 'mirror' },
  workloadIdentity: {
    provider: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
  },
};

let plain: { readonly pipeline: StagingPipeline; readonly template: Template };
let other: { readonly pipeline: StagingPipeline; readonly template: Template };

beforeAll(() => {
  plain = pipelineStack({ deployment: { sources }, props: { publicUrl: 'https://weights.example.org' } });
  other = pipelineStack({
    deployment: { cloud: { name: 'two', gcs, observability: { statusPage: false } }, sources },
    mirrors: ['private'],
    key: true,
    props: { rolePrefix: 'corp-' },
  });
});

/** Ids without the hash that the CDK puts behind them. */
const short = (text: string) => text.replaceAll(/<(\w+?)[0-9A-F]{8}(\.Arn)?>/g, '<$1>');

/** Statements of all policies of a role, each as one line. */
function lines(template: Template, role: string): readonly string[] {
  return statementsOf(template, role)
    .map(({ effect, actions, resources, conditions }) => {
      const when = conditions === undefined ? '' : ` if ${JSON.stringify(conditions)}`;
      return `${effect} ${actions.join(' ')}: ${resources.map(short).join(' ')}${when}`;
    })
    .sort();
}

function statementsOf(template: Template, role: string): readonly Statement[] {
  return [...resourcesOf(template, 'AWS::IAM::Policy').values()]
    .filter(({ Properties }) =>
      (Properties.Roles as readonly unknown[]).some((one) => short(written(one)) === `<${role}>`),
    )
    .flatMap(({ Properties }) =>
      (Properties.PolicyDocument as { Statement: readonly never[] }).Statement.map(statement),
    );
}

const stateOf = (...prefixes: string[]) => prefixes.map((prefix) => `<StateBucket>/${prefix}/*`);
const mirrors = ['Public', 'Private'];
const objects = (mirror: string) => `<${mirror}Bucket>/*/*/*`;
const registry = (mirror: string) => `<${mirror}Bucket>/registry.json`;
const logs = (name: string) => `Allow logs:CreateLogStream logs:PutLogEvents: <Pipeline${name}Logs>`;
const work = [
  'Allow s3:ListBucket: <StateBucket>',
  ...stateOf('reports', 'working').map((keys) => `Allow s3:GetObject s3:PutObject: ${keys}`),
];
const reads = (...prefixes: string[]) =>
  stateOf(...prefixes).map((keys) => `Allow s3:GetObject s3:GetObjectVersion: ${keys}`);
const ofSources = [
  'Allow s3:GetObject s3:GetObjectVersion: arn:<AWS::Partition>:s3:::elsewhere/models/* arn:<AWS::Partition>:s3:::elsewhere/one.bin if {"StringEquals":{"aws:ResourceAccount":"111122223333"}}',
  'Allow kms:Decrypt: arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef',
  'Allow s3:GetObject s3:GetObjectVersion: arn:<AWS::Partition>:s3:::here/*',
  'Allow secretsmanager:GetSecretValue: arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:weights/hf-?????? arn:aws:secretsmanager:eu-west-1:111122223333:secret:gh-AbCdEf',
];
const uploads = 's3:GetObject s3:GetObjectVersion s3:PutObject s3:ListMultipartUploadParts s3:AbortMultipartUpload';

describe('what each function may do, and nothing else', () => {
  it.each([
    [
      'Plan',
      [
        logs('Plan'),
        ...work,
        ...reads('submissions', 'inbox'),
        ...ofSources,
        ...mirrors.flatMap((mirror) => [
          `Allow s3:ListBucket: <${mirror}Bucket>`,
          `Allow s3:GetObject s3:GetObjectVersion: ${registry(mirror)} ${objects(mirror)}`,
          `Allow s3:PutObject: ${registry(mirror)} <${mirror}Bucket>/*/*/objects.json`,
        ]),
      ],
    ],
    [
      'Transfer',
      [
        logs('Transfer'),
        ...work,
        ...reads('inbox'),
        ...ofSources,
        ...mirrors.flatMap((mirror) => [
          `Allow s3:ListBucket: <${mirror}Bucket>`,
          `Allow ${uploads}: ${objects(mirror)}`,
        ]),
      ],
    ],
    [
      'Publish',
      [
        logs('Publish'),
        ...work,
        ...mirrors.flatMap((mirror) => [
          `Allow s3:ListBucket s3:ListBucketMultipartUploads: <${mirror}Bucket>`,
          `Allow ${uploads}: ${registry(mirror)} ${objects(mirror)}`,
        ]),
      ],
    ],
    ...['Replicate', 'PublishReplicas'].map(
      (name) =>
        [
          name,
          [
            logs(name),
            ...work,
            ...mirrors.flatMap((mirror) => [
              `Allow s3:ListBucket: <${mirror}Bucket>`,
              `Allow s3:GetObject s3:GetObjectVersion: ${registry(mirror)} ${objects(mirror)}`,
            ]),
          ],
        ] as const,
    ),
    [
      'Report',
      [
        logs('Report'),
        ...work,
        ...reads('submissions'),
        ...mirrors.flatMap((mirror) => [
          `Allow s3:ListBucket: <${mirror}Bucket>`,
          `Allow s3:GetObject: ${registry(mirror)}`,
        ]),
        'Allow s3:GetObject s3:PutObject: <PublicBucket>/_weighbridge/status.json',
        'Allow events:PutEvents: arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default',
        'Allow sqs:SendMessage: <PipelineDeadLetters>',
      ],
    ],
  ] as const)('%s', (name, expected) => {
    expect(lines(plain.template, `Pipeline${name}Role`)).toEqual([...expected].sort());
  });

  it('is less without a public mirror and a status page', () => {
    const report = lines(other.template, 'PipelineReportRole').join('\n');
    expect(report).not.toContain('PublicBucket');
    expect(report).not.toContain('status.json');
  });

  it('is the use of the keys, where there are any: none to write for those who only read', () => {
    const [, key] = /kms:\S+: (<OneKey>)/.exec(lines(other.template, 'PipelinePlanRole').join('\n')) ?? [];
    expect(key).toBe('<OneKey>');
    const uses = (name: string) =>
      lines(other.template, `Pipeline${name}Role`).filter((line) => line.includes('kms:') && line.includes('<OneKey>'));
    expect(uses('Transfer').join('\n')).toMatch(/kms:GenerateDataKey/);
    expect(uses('StateMachine')).toEqual([
      'Allow kms:Decrypt kms:GenerateDataKey: <OneKey>',
      'Allow kms:Decrypt: <OneKey>',
    ]);
  });

  it('does not let passes that move bytes make a release visible, nor anybody delete', () => {
    for (const name of ['Plan', 'Transfer', 'Publish', 'Replicate', 'PublishReplicas', 'Report', 'StateMachine']) {
      const all = statementsOf(plain.template, `Pipeline${name}Role`);
      const given = all.map((one) => ({ ...one, resources: one.resources.map(short) }));
      const may = (action: string, resource: string) => allows(given, action, resource);
      expect(may('s3:PutObject', '<PublicBucket>/registry.json'), name).toBe(['Plan', 'Publish'].includes(name));
      expect(may('s3:PutObject', '<PublicBucket>/c/1.0.0/a.bin'), name).toBe(['Transfer', 'Publish'].includes(name));
      expect(may('s3:PutObject', '<StateBucket>/submissions/acme/r/a.json'), name).toBe(false);
      for (const action of ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutBucketPolicy', 'iam:PassRole']) {
        expect(may(action, '<PublicBucket>/registry.json'), name).toBe(false);
      }
    }
  });
});

describe('the state machine', () => {
  it('may call its functions, read items, write results, run its maps and log', () => {
    const called = ['Plan', 'Transfer', 'Publish', 'Replicate', 'PublishReplicas', 'Report'].map(
      (name) => `Allow lambda:InvokeFunction: <Pipeline${name}Function> <Pipeline${name}Function>:*`,
    );
    const all = lines(plain.template, 'PipelineStateMachineRole');
    // The name of the machine, cut from its ARN.
    const execution = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<Fn::Select>';
    expect(all).toEqual(
      [
        ...called,
        'Allow s3:GetObject: <StateBucket>/working/runs/*',
        'Allow s3:PutObject s3:GetObject s3:ListMultipartUploadParts s3:AbortMultipartUpload: <StateBucket>/map-results/*',
        'Allow states:StartExecution: <PipelineStateMachine>',
        `Allow states:DescribeExecution states:StopExecution: ${execution}:*`,
        `Allow states:RedriveExecution: ${execution}/Transfer:* ${execution}/Replicate:*`,
        'Allow logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups: *',
      ].sort(),
    );
  });

  it('logs errors without what passes between states, and leaves no traces', () => {
    plain.template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: false },
    });
    expect(logGroupNames(plain.template)).toContainEqual(expect.stringMatching(/^\/aws\/vendedlogs\/states\//));
  });
});

describe('what starts and ends a run', () => {
  const rule = (template: Template, source: string) => {
    const properties = [...resourcesOf(template, 'AWS::Events::Rule').values()].map((one) => one.Properties);
    const found = properties.find(({ EventPattern }) => (EventPattern as { source: string[] }).source[0] === source);
    if (found === undefined) throw new Error(`no rule on ${source}`);
    const target = (found.Targets as unknown[])[0] as {
      InputTransformer: { InputPathsMap: Record<string, string>; InputTemplate: string };
      Arn: unknown;
      DeadLetterConfig: { Arn: unknown };
      RetryPolicy: unknown;
    };
    return { pattern: found.EventPattern as Record<string, unknown>, target };
  };

  /** As EventBridge puts values of the event into a template: as JSON. */
  const transformed = (
    { InputPathsMap, InputTemplate }: { InputPathsMap: Record<string, string>; InputTemplate: string },
    event: unknown,
  ) =>
    JSON.parse(
      Object.entries(InputPathsMap).reduce((text, [name, path]) => {
        const value = path
          .split('.')
          .slice(1)
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], event);
        return text.replaceAll(`<${name}>`, JSON.stringify(value));
      }, InputTemplate),
    );

  it('is each object below submissions/, by the version that the event names', () => {
    const { pattern, target } = rule(plain.template, 'aws.s3');
    expect(pattern['detail-type']).toEqual(['Object Created']);
    expect(pattern.detail).toMatchObject({ object: { key: [{ prefix: 'submissions/' }] } });
    expect(short(written((pattern.detail as { bucket: { name: unknown[] } }).bucket.name[0]))).toBe('<StateBucket>');
    expect(short(written(target.Arn))).toBe('<PipelineStateMachine>');
    const object = { key: 'submissions/acme/r/a.json', 'version-id': 'v"1' };
    const input = transformed(target.InputTransformer, { detail: { bucket: { name: 'b' }, object } });
    expect(planInput.omit({ execution: true }).strict().parse(input)).toEqual({
      bucket: 'b',
      key: object.key,
      versionId: 'v"1',
    });
  });

  it('is an execution of this machine that died before its report, told to Report', () => {
    const { pattern, target } = rule(plain.template, 'aws.states');
    const { detail } = pattern as { detail: { status: string[]; stateMachineArn: unknown[]; error: unknown } };
    expect(detail.error).toEqual([{ 'anything-but': ['RunFailed'] }, null, { exists: false }]);
    expect(detail.status).toEqual(['FAILED', 'TIMED_OUT', 'ABORTED']);
    expect(short(written(detail.stateMachineArn[0]))).toBe('<PipelineStateMachine>');
    expect(short(written(target.Arn))).toBe('<PipelineReportFunction>');
    // A variable of what an event lacks leaves nothing behind, also where JSON needs a value.
    const ended = { executionArn: 'arn', status: 'TIMED_OUT', input: '{"key":"k"}' };
    for (const why of [{}, { error: null, cause: null }, { error: 'States.Timeout', cause: 'a "cause"' }]) {
      const input = transformed(target.InputTransformer, { detail: { ...ended, ...why, output: null } });
      const died = { execution: 'arn', status: 'TIMED_OUT', input: '{"key":"k"}', ...why };
      expect(reportInput.parse(input)).toEqual({ died });
    }
  });

  it.each(['aws.s3', 'aws.states'])('is tried for a day by the rule on %s, then kept as a dead letter', (source) => {
    const { target } = rule(plain.template, source);
    expect(target.RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 });
    expect(short(written(target.DeadLetterConfig.Arn))).toBe('<PipelineDeadLetters>');
  });

  it('ends as a dead letter as well where Report itself fails', () => {
    const config = only(plain.template, 'AWS::Lambda::EventInvokeConfig');
    expect(config.MaximumRetryAttempts).toBe(2);
    const { OnFailure } = config.DestinationConfig as { OnFailure: { Destination: unknown } };
    expect(short(written(OnFailure.Destination))).toBe('<PipelineDeadLetters>');
  });

  it('is kept encrypted, and reached over TLS by these two rules alone', () => {
    plain.template.hasResourceProperties('AWS::SQS::Queue', {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 1_209_600,
    });
    const policy = only(plain.template, 'AWS::SQS::QueuePolicy');
    const { Statement } = policy.PolicyDocument as { Statement: { Effect: string; Condition: object }[] };
    expect(Statement.map(({ Effect, Condition }) => [Effect, Object.keys(Condition)])).toEqual([
      ['Deny', ['Bool']],
      ['Allow', ['ArnEquals']],
      ['Allow', ['ArnEquals']],
    ]);
    expect(short(written(only(other.template, 'AWS::SQS::Queue').KmsMasterKeyId))).toBe('<OneKey>');
  });
});

describe('the functions', () => {
  it('get memory and time of the configuration where they move bytes, and the names of what they work with', () => {
    const functions = [...resourcesOf(plain.template, 'AWS::Lambda::Function').values()];
    expect(functions).toHaveLength(6);
    expect(functions.map(({ Properties }) => Properties.MemorySize).sort()).toEqual([
      1769, 1769, 1769, 1769, 3008, 3008,
    ]);
    for (const { Properties } of functions) {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      expect(
        Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, short(written(value))])),
      ).toEqual({
        WEIGHBRIDGE_STATE_BUCKET: '<StateBucket>',
        WEIGHBRIDGE_PUBLIC_BUCKET: '<PublicBucket>',
        WEIGHBRIDGE_PRIVATE_BUCKET: '<PrivateBucket>',
        WEIGHBRIDGE_PUBLIC_URL: 'https://weights.example.org',
      });
    }
  });

  it('are not told of a mirror that there is not, but of the key', () => {
    for (const { Properties } of resourcesOf(other.template, 'AWS::Lambda::Function').values()) {
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> };
      expect(Object.keys(Variables)).toEqual([
        'WEIGHBRIDGE_STATE_BUCKET',
        'WEIGHBRIDGE_PRIVATE_BUCKET',
        'WEIGHBRIDGE_KMS_KEY',
      ]);
    }
  });

  it('have roles of fixed names only where they reach Google', () => {
    const names = (template: Template) =>
      [...resourcesOf(template, 'AWS::IAM::Role').values()].flatMap(({ Properties: { RoleName } }) =>
        RoleName === undefined ? [] : [written(RoleName)],
      );
    expect(names(plain.template)).toEqual([]);
    expect(names(other.template).sort()).toEqual(
      ['plan', 'publish', 'publish-replicas', 'replicate', 'transfer'].map((of) => `corp-two-gcs-${of}-<AWS::Region>`),
    );
  });
});

describe('the whole', () => {
  it('offers all log groups, each with a retention, and all functions', () => {
    expect(plain.pipeline.logGroups).toHaveLength(7);
    expect(logGroupNames(plain.template)).toHaveLength(7);
    for (const { Properties } of resourcesOf(other.template, 'AWS::Logs::LogGroup').values()) {
      expect(Properties.RetentionInDays).toBe(90);
      expect(short(written(Properties.KmsKeyId))).toBe('<OneKey>');
    }
    expect(Object.keys(plain.pipeline.functions)).toEqual([
      'plan',
      'transfer',
      'publish',
      'replicate',
      'publish-replicas',
      'report',
    ]);
  });

  it('names no partition and attaches no managed policy', () => {
    const roles = [...resourcesOf(plain.template, 'AWS::IAM::Role').values()];
    expect(roles.filter(({ Properties }) => Properties.ManagedPolicyArns !== undefined)).toEqual([]);
    const { template } = pipelineStack();
    expect(JSON.stringify(template.toJSON())).not.toContain('arn:aws:');
  });
});

/** Properties of the one resource of a type. */
function only(template: Template, type: string): Readonly<Record<string, unknown>> {
  const [resource, ...more] = resourcesOf(template, type).values();
  if (resource === undefined || more.length > 0) throw new Error(`not one ${type}`);
  return resource.Properties;
}

function logGroupNames(template: Template): readonly string[] {
  return [...resourcesOf(template, 'AWS::Logs::LogGroup').values()].map(({ Properties }) =>
    written(Properties.LogGroupName ?? ''),
  );
}
