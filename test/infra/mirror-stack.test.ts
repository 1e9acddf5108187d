import { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { everything } from './example-configurations.ts';
import { allResources, type Synthesised, synthesise } from './synthesise.ts';

const key = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/** How many resources there are of a type. */
function count(made: Synthesised, type: string): number {
  return allResources(made).filter(({ Type }) => Type === type).length;
}

function outputsOf({ templates }: Synthesised, stack: string): readonly string[] {
  return Object.keys(templates[stack]?.Outputs ?? {}).sort();
}

/** Every role with the environment variables of the functions that have it. */
function variables(made: Synthesised): ReadonlySet<string> {
  const functions = allResources(made).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return new Set(
    functions.flatMap(({ Properties }) =>
      Object.keys((Properties?.Environment as { readonly Variables?: object } | undefined)?.Variables ?? {}),
    ),
  );
}

describe('the stack of the defaults', () => {
  const made = synthesise('');

  it('has the two mirrors, the CDN, the working state and the pipeline, and breaks no rule', () => {
    expect(Object.keys(made.templates)).toEqual(['weighbridge']);
    expect(count(made, 'AWS::S3::Bucket')).toBe(3);
    expect(count(made, 'AWS::CloudFront::Distribution')).toBe(1);
    expect(count(made, 'AWS::StepFunctions::StateMachine')).toBe(1);
    expect(count(made, 'AWS::KMS::Key')).toBe(0);
    expect(count(made, 'AWS::IAM::User')).toBe(0);
    expect(made.messages).toEqual([]);
  });

  it('deploys without assets but the code of the functions, and needs no custom resource', () => {
    expect(allResources(made).filter(({ Type }) => /^Custom::|^AWS::CloudFormation::/.test(Type))).toEqual([]);
    expect(count(made, 'AWS::Lambda::Function')).toBe(7);
  });

  it('says in its outputs what to do next', () => {
    const { Outputs = {} } = made.templates.weighbridge ?? {};
    expect(Object.keys(Outputs).sort()).toEqual([
      'AccessUrl',
      'IamAccessUrl',
      'PrivateStore',
      'PublicStore',
      'PublicUrl',
      'Region',
      'StateBucket',
      'StateMachine',
    ]);
    expect(Object.values(Outputs).filter(({ Description }) => (Description ?? '').length < 20)).toEqual([]);
  });
});

describe('the stack', () => {
  it('of everything breaks no rule, and warns of a trusted origin', () => {
    const made = synthesise(everything);
    expect(Object.keys(made.templates).sort()).toEqual(['weights', 'weights-gcs']);
    expect(made.messages).toEqual([expect.stringContaining('http://127.0.0.1:8081')]);
    const text = JSON.stringify(made.templates);
    expect(text).toContain('weights.example.org');
    expect(text).toContain('o-abcdefghij');
    expect(text).toContain('"DaysAfterInitiation":21');
    expect(text).toContain('"NoncurrentDays":30');
    expect(outputsOf(made, 'weights')).toEqual(
      expect.arrayContaining([
        'SubmitRoleModels',
        'PlanRoleModels',
        'SubmitRoleLab',
        'PlanRoleLab',
        'SubmitRolePeople',
        'AccessDomainTarget',
        'ConsumerRole222233334444',
      ]),
    );
  });

  it('without a public mirror has neither CDN nor bucket of it, and no function knows of one', () => {
    const made = synthesise('cloud: { public: false }');
    expect(count(made, 'AWS::CloudFront::Distribution')).toBe(0);
    expect(count(made, 'AWS::S3::Bucket')).toBe(2);
    expect([...variables(made)].sort()).toEqual([
      'WEIGHBRIDGE_PRIVATE_BUCKET',
      'WEIGHBRIDGE_SIGNER_ROLE',
      'WEIGHBRIDGE_STATE_BUCKET',
    ]);
    expect(outputsOf(made, 'weighbridge')).not.toContain('PublicUrl');
  });

  it('without a private mirror has no bucket of it, and takes a key of another stack', () => {
    const made = synthesise(`cloud: { private: false, encryptionKey: "${key}" }`);
    expect([...variables(made)]).toEqual(expect.arrayContaining(['WEIGHBRIDGE_PUBLIC_URL', 'WEIGHBRIDGE_KMS_KEY']));
    expect(variables(made)).not.toContain('WEIGHBRIDGE_PRIVATE_BUCKET');
    expect(count(made, 'AWS::ApiGatewayV2::Api')).toBe(0);
    expect(count(made, 'AWS::KMS::Key')).toBe(0);
    expect(JSON.stringify(made.templates)).toContain(key);
  });

  it.each(['create', key])(
    'and the stack of Google Cloud take nothing from one another, with encryptionKey %s',
    (written) => {
      const made = synthesise(
        everything
          .replace('encryptionKey: create', `encryptionKey: ${written}`)
          .replace('region: us-east-1', 'region: us-east-1, encryptionKey: managed'),
        {
          checked: false,
        },
      );
      const { mirror, gcs } = made.stacks[0] ?? {};
      expect([mirror?.dependencies, gcs?.dependencies]).toEqual([[], []]);
      expect(JSON.stringify(made.templates)).not.toMatch(
        /Fn::(GetStackOutput|ImportValue)|PublishOutput|ExportsOutput/,
      );
      const groups = Object.values(made.templates['weights-gcs']?.Resources ?? {}).filter(
        ({ Type }) => Type === 'AWS::Logs::LogGroup',
      );
      expect(groups.map(({ Properties }) => Properties?.KmsKeyId)).toEqual([written === key ? key : undefined]);
    },
  );

  it('has outputs of its own for each publisher, however alike their names are', () => {
    const publisher = '{ principals: [ "arn:aws:iam::111122223333:role/people" ], collections: [ "*" ] }';
    const names = ['a1', 'a-1', 'our-models', 'ourmodels'];
    const yaml = `publishers: { ${names.map((name) => `${name}: ${publisher}`).join(', ')} }`;
    const roles = outputsOf(synthesise(yaml, { checked: false }), 'weighbridge').filter((name) => /^Submit/.test(name));
    expect(roles).toEqual(['SubmitRoleA1', 'SubmitRoleADash1', 'SubmitRoleOurModels', 'SubmitRoleOurmodels']);
  });

  it('without an access API lacks what that is made of, and nothing else', () => {
    const resources = (yaml: string) => synthesise(yaml, { checked: false }).templates.weighbridge?.Resources ?? {};
    const [whole, without] = [resources(''), resources('cloud: { access: false }')];
    const gone = Object.keys(whole).filter((id) => !(id in without));
    expect(gone.length).toBeGreaterThan(15);
    expect(gone.filter((id) => !/^Access|^ObservabilityAlarms(?:function\w+?access|access|policy)/.test(id))).toEqual(
      [],
    );
    expect(Object.keys(without).filter((id) => !(id in whole))).toEqual([]);
    // Another configuration is another version of the functions' code.
    const changed = Object.keys(without).filter((id) => JSON.stringify(without[id]) !== JSON.stringify(whole[id]));
    const types = changed.map((id) => whole[id]?.Type).filter((type) => type !== 'AWS::Lambda::Function');
    expect(types.sort()).toEqual(['AWS::CloudWatch::Dashboard', 'AWS::S3::BucketPolicy']);
  });

  it('lets Plan replace the access policy, and the report read it, where a publisher may submit one, and there alone', () => {
    const publisher = (policy: boolean) =>
      `models: { principals: [ "arn:aws:iam::111122223333:role/people" ], collections: [ "*" ], policy: ${policy} }`;
    const granted = (yaml: string) =>
      allResources(synthesise(yaml, { checked: false }))
        .filter(({ Type }) => Type === 'AWS::IAM::Policy')
        .flatMap(({ id, Properties = {} }) => {
          const { Statement } = Properties.PolicyDocument as { Statement: { Action: unknown; Resource: unknown }[] };
          return Statement.filter(({ Resource }) => JSON.stringify(Resource).includes('/policy/current.json')).map(
            ({ Action }) => [id.replace(/RoleDefaultPolicy.*/, ''), Action],
          );
        });
    const api = ['AccessFunction', 's3:GetObject'];
    expect(granted(`publishers: { ${publisher(true)} }`).sort()).toEqual([
      api,
      ['PipelinePlan', ['s3:GetObject', 's3:PutObject']],
      ['PipelineReport', 's3:GetObject'],
    ]);
    expect(granted(`publishers: { ${publisher(false)} }`)).toEqual([api]);
    expect(granted(`{ cloud: { access: false }, publishers: { ${publisher(true)} } }`)).toEqual([]);
  });

  it('is built only if what an app adds breaks no rule either', () => {
    const careless = () =>
      synthesise('', { extend: (app) => new Bucket(new Stack(app, 'Careless'), 'Open', { versioned: true }) });
    expect(careless).toThrow(/AwsSolutions-S10|Validation failed/);
  });
});
