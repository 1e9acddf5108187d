import { rmSync } from 'node:fs';
import type { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { beforeAll, describe, expect, it } from 'vitest';
import { deploymentSchema, runtimeConfiguration } from '../../lib/contract/cloud/deployment.ts';
import { AccessApi, type AccessApiProps } from '../../lib/infra/access-api.ts';
import { EncryptionKey } from '../../lib/infra/encryption-key.ts';
import { MirrorBucket } from '../../lib/infra/mirror-bucket.ts';
import { StateBucket } from '../../lib/infra/state-bucket.ts';
import { checkedStack } from './checked-stack.ts';
import { emptyBundles } from './pipeline-stack.ts';
import { allows, resourcesOf } from './policies.ts';
import { bucketStatements, plain, resourceOf, roleStatements } from './resource-policies.ts';

const place = { account: '111122223333', region: 'eu-central-1' };
const other = '222233334444';
const gcs = {
  project: 'some-project',
  private: { name: 'copies' },
  workloadIdentity: {
    provider: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    serviceAccount: 'signer@some-project.iam.gserviceaccount.com',
  },
};

interface Variant {
  readonly cloud?: object;
  readonly key?: boolean;
  readonly props?: (stack: Stack) => Partial<AccessApiProps>;
}

/** In somebody else's app, with rules of CloudFormation and cdk-nag as errors. */
function make({ cloud = {}, key, props }: Variant = {}): Template {
  const bundles = emptyBundles();
  try {
    const { stack, template } = checkedStack(place);
    const encryptionKey = key === true ? { encryptionKey: new EncryptionKey(stack, 'One').key } : {};
    new AccessApi(stack, 'Access', {
      configuration: runtimeConfiguration(deploymentSchema.parse({ environment: null, cloud })),
      state: new StateBucket(stack, 'State', encryptionKey),
      privateMirror: new MirrorBucket(stack, 'Private', encryptionKey),
      ...encryptionKey,
      bundles,
      ...props?.(stack),
    });
    return template();
  } finally {
    rmSync(bundles, { recursive: true });
  }
}

const mirror = '<PrivateBucket.Arn>';
const state = '<StateBucket.Arn>';
const records = ['release.json', 'RELEASE.md', 'objects.json'];

/** Who may take a role, of which the logical id begins like this. */
function trustOf(template: Template, role: string): unknown {
  const { AssumeRolePolicyDocument } = resourceOf(template, 'AWS::IAM::Role', role).Properties;
  return plain((AssumeRolePolicyDocument as { readonly Statement: unknown }).Statement);
}

const routes = (template: Template) =>
  [...resourcesOf(template, 'AWS::ApiGatewayV2::Route').values()].map(({ Properties }) => [
    Properties.RouteKey,
    Properties.AuthorizationType,
  ]);

describe('the access API of the defaults', () => {
  let template: Template;
  beforeAll(() => {
    template = make();
  });

  it('checks tokens itself below /v1, and has AWS check signatures below /iam/v1', () => {
    expect(routes(template)).toEqual([
      ['ANY /v1/{proxy+}', 'NONE'],
      ['ANY /iam/v1/{proxy+}', 'AWS_IAM'],
    ]);
    expect(resourceOf(template, 'AWS::ApiGatewayV2::Integration', '').Properties).toMatchObject({
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '2.0',
    });
  });

  it('lets the gateway call the function for these two routes of this API', () => {
    const sources = [...resourcesOf(template, 'AWS::Lambda::Permission').values()].map(({ Properties }) =>
      String(plain(Properties.SourceArn)).replace(/[0-9A-F]{8}>/, '>'),
    );
    const api = `arn:<AWS::Partition>:execute-api:eu-central-1:111122223333:<AccessGatewayApi>`;
    expect(sources).toEqual([`${api}/*/*/v1/{proxy+}`, `${api}/*/*/iam/v1/{proxy+}`]);
  });

  it('throttles, answers no page of another origin, and goes by the name that AWS gives', () => {
    expect(resourceOf(template, 'AWS::ApiGatewayV2::Stage', '').Properties).toMatchObject({
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
      // Whoever floods the open way leaves the other as it is.
      RouteSettings: {
        'ANY /v1/{proxy+}': { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
        'ANY /iam/v1/{proxy+}': { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
      },
    });
    const { CorsConfiguration, DisableExecuteApiEndpoint } = resourceOf(
      template,
      'AWS::ApiGatewayV2::Api',
      '',
    ).Properties;
    expect([CorsConfiguration, DisableExecuteApiEndpoint]).toEqual([undefined, false]);
    template.resourceCountIs('AWS::ApiGatewayV2::DomainName', 0);
  });

  it('logs of a request neither its path nor its query nor a header', () => {
    const { AccessLogSettings } = resourceOf(template, 'AWS::ApiGatewayV2::Stage', '').Properties;
    const { Format = '', DestinationArn } = AccessLogSettings as { Format?: string; DestinationArn: unknown };
    expect(plain(DestinationArn)).toMatch(/^<AccessGatewayLogs/);
    const line = JSON.parse(Format) as Record<string, string>;
    expect(Object.values(line)).toEqual(
      expect.arrayContaining([
        '$context.requestId',
        '$context.routeKey',
        '$context.status',
        '$context.identity.userArn',
      ]),
    );
    // What the gateway makes of a request itself; `$context.path`, `.httpMethod` and overrides of headers are not here.
    const harmless =
      /^\$context\.(?:requestTime|requestId|routeKey|protocol|status|responseLatency|responseLength|identity\.(?:sourceIp|userArn)|error\.message|integration\.status)$/;
    expect(Object.values(line).filter((variable) => !harmless.test(variable))).toEqual([]);
  });

  it('has a function that answers within a quarter of a minute, without concurrency set aside', () => {
    const { Properties } = resourceOf(template, 'AWS::Lambda::Function', 'Access');
    expect(Properties).toMatchObject({ Timeout: 15, MemorySize: 1024 });
    expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
    const { Variables } = Properties.Environment as { readonly Variables: Record<string, unknown> };
    expect(Object.keys(Variables)).toEqual([
      'WEIGHBRIDGE_STATE_BUCKET',
      'WEIGHBRIDGE_PRIVATE_BUCKET',
      'WEIGHBRIDGE_SIGNER_ROLE',
    ]);
  });

  it('lets the function read records and the policy, take the signer, and nothing else', () => {
    expect(roleStatements(template, 'AccessFunctionRole')).toEqual([
      {
        effect: 'Allow',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: ['<AccessFunctionLogs.Arn>'],
      },
      { effect: 'Allow', actions: ['s3:ListBucket'], resources: [state] },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: [`${state}/policy/current.json`] },
      { effect: 'Allow', actions: ['s3:ListBucket'], resources: [mirror] },
      {
        effect: 'Allow',
        actions: ['s3:GetObject'],
        resources: [`${mirror}/registry.json`, ...records.map((record) => `${mirror}/*/*/${record}`)],
      },
      {
        effect: 'Deny',
        actions: ['s3:GetObject'],
        resources: records.map((record) => `${mirror}/*/*/*/${record}`),
      },
      { effect: 'Allow', actions: ['sts:AssumeRole'], resources: ['<AccessSigner.Arn>'] },
    ]);
  });

  it.each([
    ['an artifact', 's3:GetObject', `${mirror}/c/1.0.0/weights.bin`],
    ['a version of an artifact', 's3:GetObjectVersion', `${mirror}/c/1.0.0/weights.bin`],
    ['an artifact that is called like a record', 's3:GetObject', `${mirror}/c/1.0.0/folder/release.json`],
    ['a submission', 's3:GetObject', `${state}/submissions/p/r/a.json`],
    ['the policy, to write it', 's3:PutObject', `${state}/policy/current.json`],
    ['another policy', 's3:GetObject', `${state}/policy/other.json`],
  ])('keeps from the function %s', (_, action, resource) => {
    const statements = roleStatements(template, 'AccessFunctionRole');
    expect(allows(statements, action, resource)).toBe(false);
    expect(allows(statements, 's3:GetObject', `${mirror}/c/1.0.0/release.json`)).toBe(true);
  });

  it('has a signer that the function alone can take, and that reads versions of what is in releases', () => {
    expect(trustOf(template, 'AccessSigner')).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: expect.stringMatching(/^<AccessFunctionRole[0-9A-F]{8}\.Arn>$/) },
      }),
    ]);
    expect(roleStatements(template, 'AccessSigner')).toEqual([
      { effect: 'Allow', actions: ['s3:GetObjectVersion'], resources: [`${mirror}/*/*/*`] },
    ]);
    expect(resourceOf(template, 'AWS::IAM::Role', 'AccessSigner').Properties.MaxSessionDuration).toBe(3600);
    expect(allows(roleStatements(template, 'AccessSigner'), 's3:GetObjectVersion', `${mirror}/registry.json`)).toBe(
      false,
    );
  });

  it('has the bucket refuse what the signer signed more than an hour ago, and nobody else for that', () => {
    const aged = bucketStatements(template, 'Private').filter(({ conditions }) =>
      JSON.stringify(conditions).includes('signatureAge'),
    );
    expect(aged).toEqual([
      {
        effect: 'Deny',
        principal: { AWS: expect.stringMatching(/^<AccessSigner/) },
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [`${mirror}/*`],
        conditions: { NumericGreaterThan: { 's3:signatureAge': '3600000' } },
      },
    ]);
  });

  it('counts refusals and policies that cannot be read, by what the function logs', () => {
    const filters = [...resourcesOf(template, 'AWS::Logs::MetricFilter').values()].map(({ Properties }) => [
      Properties.FilterPattern,
      Properties.MetricTransformations,
    ]);
    expect(filters).toEqual([
      [
        '{ ($.type = "access") && (($.outcome = "denied") || ($.outcome = "unauthenticated")) }',
        [{ MetricName: 'AccessDenied', MetricNamespace: 'Weighbridge/weighbridge', MetricValue: '1' }],
      ],
      [
        '{ ($.type = "policy") && ($.level = "ERROR") }',
        [{ MetricName: 'PolicyUnreadable', MetricNamespace: 'Weighbridge/weighbridge', MetricValue: '1' }],
      ],
    ]);
  });

  it('makes no role for another account, and none by a fixed name', () => {
    const names = [...resourcesOf(template, 'AWS::IAM::Role').values()].map(({ Properties }) => Properties.RoleName);
    expect(names).toEqual([undefined, undefined]);
  });
});

describe('the access API with everything on', () => {
  let template: Template;
  beforeAll(() => {
    template = make({
      cloud: { name: 'models', rolePrefix: 'corp-', gcs, access: { consumerAccounts: [other] } },
      key: true,
      props: (stack) => ({
        rolePrefix: 'corp-',
        cors: ['https://example.org'],
        throttle: { rate: 5, burst: 6 },
        memory: 512,
        metrics: false,
        domain: {
          name: 'access.example.org',
          certificate: Certificate.fromCertificateArn(
            stack,
            'Certificate',
            stack.formatArn({ service: 'acm', resource: 'certificate', resourceName: 'one' }),
          ),
        },
      }),
    });
  });

  it('lets another account take a role that may ask this API, and do nothing else', () => {
    const { Properties } = resourceOf(template, 'AWS::IAM::Role', 'AccessConsumers');
    expect(Properties).toMatchObject({
      RoleName: 'corp-models-consumer-222233334444-eu-central-1',
      MaxSessionDuration: 3600,
    });
    expect(trustOf(template, 'AccessConsumers')).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: `arn:<AWS::Partition>:iam::${other}:root` },
      },
    ]);
    const [asking, ...more] = roleStatements(template, 'AccessConsumers');
    expect(more).toEqual([]);
    const api = 'arn:<AWS::Partition>:execute-api:eu-central-1:111122223333:<AccessGatewayApi>/$default';
    expect(asking).toEqual({
      effect: 'Allow',
      actions: ['execute-api:Invoke'],
      resources: ['GET', 'HEAD', 'POST'].map((method) => `${api}/${method}/iam/v1/*`),
    });
  });

  it('is had under its own name alone, which the pages of one origin may ask', () => {
    expect(resourceOf(template, 'AWS::ApiGatewayV2::Api', '').Properties).toMatchObject({
      Name: 'models-access',
      DisableExecuteApiEndpoint: true,
      CorsConfiguration: {
        AllowOrigins: ['https://example.org'],
        AllowMethods: ['GET', 'HEAD', 'POST'],
        AllowHeaders: ['authorization', 'content-type'],
      },
    });
    expect(resourceOf(template, 'AWS::ApiGatewayV2::DomainName', '').Properties).toMatchObject({
      DomainName: 'access.example.org',
      DomainNameConfigurations: [{ EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' }],
    });
    expect(resourceOf(template, 'AWS::ApiGatewayV2::ApiMapping', '').Properties.Stage).toBeDefined();
    expect(resourceOf(template, 'AWS::ApiGatewayV2::Stage', '').Properties).toMatchObject({
      DefaultRouteSettings: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 6 },
    });
  });

  it('encrypts both logs, and lets function and signer decrypt what they read', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::Logs::LogGroup').values()) {
      expect(plain(Properties.KmsKeyId)).toMatch(/^<One/);
    }
    for (const role of ['AccessFunctionRole', 'AccessSigner']) {
      const onKey = roleStatements(template, role).filter(({ resources }) => resources[0]?.startsWith('<One'));
      expect(onKey.map(({ actions }) => actions)).toEqual([['kms:Decrypt']]);
    }
  });

  it('takes the name by which Google knows its role', () => {
    expect(resourceOf(template, 'AWS::IAM::Role', 'AccessFunctionRole').Properties.RoleName).toBe(
      'corp-models-gcs-access-eu-central-1',
    );
  });

  it('counts nothing where metrics are off', () => {
    template.resourceCountIs('AWS::Logs::MetricFilter', 0);
    expect(resourceOf(template, 'AWS::Lambda::Function', 'Access').Properties.MemorySize).toBe(512);
  });
});
