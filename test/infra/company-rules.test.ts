import { CfnResource, RemovalPolicy, TagManager } from 'aws-cdk-lib';
import { CfnInstanceProfile, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Provider } from 'aws-cdk-lib/custom-resources';
import { describe, expect, it } from 'vitest';
import { everything, writtenArns } from './example-configurations.ts';
import { written } from './policies.ts';
import { allResources, stacksOf, synthesise, type TemplateResource } from './synthesise.ts';

/** Types of which AWS takes no tags; everything else has them. */
const untaggable: ReadonlySet<string> = new Set([
  ...['AWS::CloudFront::CachePolicy', 'AWS::CloudFront::OriginAccessControl'],
  ...['AWS::CloudFront::ResponseHeadersPolicy', 'AWS::IAM::Policy'],
  ...['AWS::ApiGatewayV2::ApiMapping', 'AWS::ApiGatewayV2::Integration', 'AWS::ApiGatewayV2::Route'],
  'AWS::Logs::MetricFilter',
  'AWS::IAM::InstanceProfile',
  ...['AWS::Lambda::EventInvokeConfig', 'AWS::Lambda::Permission', 'AWS::S3::BucketPolicy'],
  ...[
    'Custom::S3AutoDeleteObjects',
    'AWS::SNS::Subscription',
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::QueuePolicy',
    'Custom::WeighbridgeGcsBucket',
  ],
]);

/** What an app may add to the stacks, and what the CDK makes for itself in its own ways. */
const made = synthesise(everything, {
  extend(_, [stacks]) {
    const stack = stacks?.mirror;
    if (stack === undefined) throw new Error('no stack');
    const assumedBy = new ServicePrincipal('lambda.amazonaws.com');
    const role = new Role(stack, 'RoleOfApp', { assumedBy });
    new CfnInstanceProfile(stack, 'ProfileOfApp', { roles: [role.roleName] });
    new LogGroup(stack, 'LogsOfApp');
    new Bucket(stack, 'BucketOfApp', { autoDeleteObjects: true, removalPolicy: RemovalPolicy.DESTROY });
    const onEventHandler = new LambdaFunction(stack, 'OnEvent', {
      runtime: Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: Code.fromInline('exports.handler = async () => ({});'),
    });
    new Provider(stack, 'Framework', { onEventHandler });
  },
  checked: false,
});
const resources = allResources(made);

function ofType(type: string): readonly (TemplateResource & { readonly id: string })[] {
  const found = resources.filter(({ Type }) => Type === type);
  expect(found.length).toBeGreaterThan(0);
  return found;
}

function property(resource: TemplateResource, name: string): unknown {
  return resource.Properties?.[name];
}

describe('under the rules of a company', () => {
  it('every role has the boundary, the path and the prefix, those of custom resources too', () => {
    const roles = ofType('AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(15);
    for (const role of roles) {
      expect([role.id, written(property(role, 'PermissionsBoundary'))]).toEqual([
        role.id,
        'arn:<AWS::Partition>:iam::111122223333:policy/developers',
      ]);
      expect([role.id, property(role, 'Path')]).toEqual([role.id, '/weights/']);
      expect(written(property(role, 'RoleName'))).toMatch(/^acme-[\w+=,.@-]{1,59}$/);
    }
    const [profile] = ofType('AWS::IAM::InstanceProfile');
    expect(profile?.Properties).toMatchObject({ Path: '/weights/' });
    expect(written(profile?.Properties?.InstanceProfileName)).toMatch(/^acme-/);
  });

  it('every resource that takes tags has them', () => {
    const tags = ['team', 'cost-centre'];
    const without = resources
      .filter(({ Type }) => !untaggable.has(Type))
      .filter(({ Properties }) => {
        const text = JSON.stringify(Properties?.Tags ?? {});
        return !tags.every((tag) => text.includes(`"${tag}"`));
      });
    expect(without.map(({ id, Type }) => `${id} ${Type}`)).toEqual([]);
    // The list of this test says nothing about types that can be tagged.
    const taggable = made.stacks
      .flatMap(stacksOf)
      .flatMap((stack) => stack.node.findAll())
      .filter((node) => CfnResource.isCfnResource(node))
      .filter((node) => TagManager.isTaggable(node) || TagManager.isTaggableV2(node));
    expect(taggable.filter((node) => untaggable.has(node.cfnResourceType)).map(({ node }) => node.path)).toEqual([]);
  });

  it('every log group keeps its logs for as long as the configuration says', () => {
    const groups = ofType('AWS::Logs::LogGroup');
    expect(groups.map((group) => property(group, 'RetentionInDays'))).toEqual(groups.map(() => 365));
  });

  it('one key encrypts all that the stack of AWS keeps', () => {
    const keys = ofType('AWS::KMS::Key');
    expect(keys).toHaveLength(1);
    // A key of one stack is not for the other: the log of the function that makes Google’s buckets goes without.
    const own = resources.filter(({ id }) => !/OfApp|OnEvent|Framework|^MirrorHandler/.test(id));
    for (const { id, Properties } of own.filter(({ Type }) => Type === 'AWS::Logs::LogGroup')) {
      const key = JSON.stringify(Properties?.KmsKeyId);
      expect([id, key]).toEqual([id, expect.stringContaining('EncryptionKey')]);
    }
    for (const { id, Properties } of own.filter(
      ({ Type }) => Type === 'AWS::SNS::Topic' || Type === 'AWS::SQS::Queue',
    )) {
      const key = JSON.stringify(Properties?.KmsMasterKeyId);
      expect([id, key]).toEqual([id, expect.stringContaining('EncryptionKey')]);
    }
    const buckets = own.filter(({ Type }) => Type === 'AWS::S3::Bucket');
    expect(buckets).toHaveLength(4);
    for (const { id, Properties } of buckets) {
      // S3 writes its logs nowhere but into buckets with keys of its own.
      const algorithm = id.startsWith('Logs') ? 'AES256' : 'aws:kms';
      expect(JSON.stringify(Properties?.BucketEncryption)).toContain(`"SSEAlgorithm":"${algorithm}"`);
    }
  });

  it('no ARN is of one partition alone, but those that the configuration names', () => {
    const literals = JSON.stringify(made.templates).match(/arn:aws:[^"\\]+/g) ?? [];
    expect(literals.filter((literal) => !writtenArns.some((arn) => literal.startsWith(arn)))).toEqual([]);
  });

  it('what was bootstrapped under another qualifier is found', () => {
    expect(JSON.stringify(made.templates)).toContain('/cdk-bootstrap/acme/version');
  });
});

describe('two deployments in one account', () => {
  /** Names of what belongs to an account or to the whole world, not to a region; `AWS::Region` counts as a region. */
  function globalNames(yaml: string, environment?: string): readonly string[] {
    const { templates } = synthesise(yaml, { environments: [environment], checked: false });
    return Object.values(templates).flatMap(({ Resources }) =>
      Object.values(Resources).flatMap(({ Type, Properties = {} }) => {
        const isGlobal = /^AWS::(?:IAM::Role|S3::Bucket|CloudFront::\w+)$/.test(Type);
        return isGlobal ? namesIn(Properties).map((name) => `${Type} ${name}`) : [];
      }),
    );
  }

  function namesIn(properties: Readonly<Record<string, unknown>>): readonly string[] {
    return Object.entries(properties).flatMap(([key, value]) => {
      if (/^(?:RoleName|BucketName|Name)$/.test(key)) return [written(value)];
      return /Config$/.test(key) ? namesIn(value as Record<string, unknown>) : [];
    });
  }

  const here = globalNames(everything, 'same');

  it('in two regions share no name', () => {
    const abroad = globalNames(everything, 'abroad');
    expect(here.length).toBeGreaterThan(20);
    expect(abroad.length).toBe(here.length);
    expect(abroad.filter((name) => here.includes(name))).toEqual([]);
    expect(here.filter((name) => !name.includes('eu-central-1'))).toEqual([]);
    expect(abroad.filter((name) => !name.includes('us-east-1'))).toEqual([]);
  });

  it('in one region share no name, if theirs differ', () => {
    const beside = globalNames(everything, 'beside');
    expect(beside.filter((name) => here.includes(name))).toEqual([]);
  });

  it('have the region in their names also where it is known only when they are deployed', () => {
    const names = globalNames('publishers: { models: { github: { owner: a, repository: b }, collections: [ "*" ] } }');
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !name.includes('<AWS::Region>'))).toEqual([]);
  });

  it('can be in one app, and in it have the same names as each alone', () => {
    const { templates, stacks } = synthesise(everything, {
      environments: ['same', 'abroad', 'beside'],
      checked: false,
    });
    expect(Object.keys(templates).sort()).toEqual(['trials', 'trials-gcs', 'weights', 'weights-gcs']);
    expect(stacks.map(({ mirror }) => [mirror.stackName, mirror.region])).toEqual([
      ['weights', 'eu-central-1'],
      ['weights', 'us-east-1'],
      ['trials', 'eu-central-1'],
    ]);
  });
});
