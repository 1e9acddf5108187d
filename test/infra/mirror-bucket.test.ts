import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { bucketName } from '../../lib/contract/cloud/resource-names.ts';
import { EncryptionKey } from '../../lib/infra/encryption-key.ts';
import { LogsBucket } from '../../lib/infra/logs-bucket.ts';
import { MirrorBucket } from '../../lib/infra/mirror-bucket.ts';
import { codeBlocks } from '../docs/markdown.ts';
import { root } from '../project/source-files.ts';
import { checkedStack } from './checked-stack.ts';
import { bucketStatements, keyStatements, resourceOf, roleStatements } from './resource-policies.ts';

const account = '111122223333';
const region = 'eu-central-1';

/** A role that the constructs grant something. */
function newRole(scope: Bucket['stack'], id: string): iam.Role {
  return new iam.Role(scope, id, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
}

/** The statements of a policy that docs/stores.md prints, for this bucket. */
function documented(name: string) {
  const page = readFileSync(join(root, 'docs/stores.md'), 'utf8');
  const block = codeBlocks(page).find(({ remark }) => remark === `policy: ${name}`);
  const { Statement } = JSON.parse(block?.text ?? '{}') as {
    readonly Statement: readonly { readonly Action: string | readonly string[]; readonly Resource: string }[];
  };
  return Statement.map(({ Action, Resource }) => ({
    effect: 'Allow',
    actions: [Action].flat(),
    resources: [Resource.replace('arn:aws:s3:::acme-models', '<MirrorBucket.Arn>')],
  }));
}

describe('a mirror bucket', () => {
  let template: Template;
  let bucket: ReturnType<typeof resourceOf>;

  beforeAll(() => {
    const checked = checkedStack();
    const mirror = new MirrorBucket(checked.stack, 'Mirror');
    mirror.grantPublish(newRole(checked.stack, 'Publisher'));
    mirror.grantRead(newRole(checked.stack, 'Reader'));
    template = checked.template();
    bucket = resourceOf(template, 'AWS::S3::Bucket', 'Mirror');
  });

  it('keeps versions, is encrypted, closed to the public, and knows no ACLs', () => {
    expect(bucket.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
    expect(bucket.Properties).not.toHaveProperty('AccessControl');
    expect(bucket.Properties).not.toHaveProperty('LoggingConfiguration');
    expect(bucket.Properties).not.toHaveProperty('BucketNamespace');
  });

  it('is kept when its stack goes, and only then', () => {
    expect(bucket).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
  });

  it('refuses whoever comes without TLS 1.2, and lets in nobody by itself', () => {
    const statements = bucketStatements(template, 'Mirror');
    expect(statements.map(({ effect, actions, conditions }) => ({ effect, actions, conditions }))).toEqual([
      { effect: 'Deny', actions: ['s3:*'], conditions: { Bool: { 'aws:SecureTransport': 'false' } } },
      { effect: 'Deny', actions: ['s3:*'], conditions: { NumericLessThan: { 's3:TlsVersion': 1.2 } } },
    ]);
  });

  it('ends unfinished uploads after 14 days and replaced versions after 90', () => {
    expect(bucket.Properties).toMatchObject({
      LifecycleConfiguration: {
        Rules: [
          { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 14 }, Status: 'Enabled' },
          {
            NoncurrentVersionExpiration: { NoncurrentDays: 90 },
            ExpiredObjectDeleteMarker: true,
            Status: 'Enabled',
          },
        ],
      },
    });
  });

  it('grants who publishes what docs/stores.md says that staging needs, and nothing that deletes', () => {
    const statements = roleStatements(template, 'Publisher');
    expect(statements).toEqual(documented('stage'));
    expect(statements.flatMap(({ actions }) => actions).join()).not.toMatch(/delete|\*/i);
  });

  it('grants who reads what docs/stores.md says that reading needs', () => {
    expect(roleStatements(template, 'Reader')).toEqual(documented('read'));
  });

  it('needs no function and no custom resource', () => {
    expect(new Set(Object.values(template.toJSON().Resources).map((each) => (each as { Type: string }).Type))).toEqual(
      new Set(['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'AWS::IAM::Role', 'AWS::IAM::Policy']),
    );
  });
});

describe('a mirror bucket with every setting', () => {
  let template: Template;

  beforeAll(() => {
    const checked = checkedStack({ account, region });
    const key = new EncryptionKey(checked.stack, 'Key', { alias: 'weights' }).key;
    const logs = new LogsBucket(checked.stack, 'Logs');
    const mirror = new MirrorBucket(checked.stack, 'Mirror', {
      bucketName: bucketName('private', { name: 'acme', account, region }),
      encryptionKey: key,
      accessLogs: logs.bucket,
      noncurrentVersions: Duration.days(7),
      unfinishedUploads: Duration.days(21),
      removalPolicy: RemovalPolicy.DESTROY,
      readers: {
        principals: ['444455556666', 'arn:aws:iam::777788889999:role/training'],
        organisation: 'o-abcdefghij',
        vpcEndpoint: 'vpce-0a1b2c3d',
      },
    });
    mirror.grantPublish(newRole(checked.stack, 'Publisher'));
    mirror.grantRead(newRole(checked.stack, 'Reader'));
    mirror.grantRead(new iam.AccountPrincipal('123412341234'));
    template = checked.template();
  });

  it('has a name in the namespace of account and region, spelled out so that it can be adopted again', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: 'acme-private-111122223333-eu-central-1-an',
      BucketNamespace: 'account-regional',
      BucketNamePrefix: Match.absent(),
    });
  });

  it('uses the key, once per bucket key, and keeps what it was told to keep', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Delete',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
          ],
        },
        LifecycleConfiguration: {
          Rules: [
            { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 21 } },
            { NoncurrentVersionExpiration: { NoncurrentDays: 7 } },
          ],
        },
      },
    });
  });

  it('writes access logs where the policy, and no ACL, lets it', () => {
    template.hasResourceProperties('AWS::S3::Bucket', { LoggingConfiguration: { LogFilePrefix: 's3/Mirror/' } });
    expect(bucketStatements(template, 'Logs')).toContainEqual({
      effect: 'Allow',
      principal: { Service: 'logging.s3.amazonaws.com' },
      actions: ['s3:PutObject'],
      resources: ['<LogsBucket.Arn>/s3/*'],
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    });
  });

  it('lets readers list and read by the policy of the bucket, each under its own condition', () => {
    const bucket = '<MirrorBucket.Arn>';
    const named = ['arn:<AWS::Partition>:iam::444455556666:root', 'arn:aws:iam::777788889999:role/training'];
    const given = bucketStatements(template, 'Mirror').filter(({ effect }) => effect === 'Allow');
    const both = (principal: unknown, conditions?: unknown) => {
      const more = conditions === undefined ? {} : { conditions };
      return [
        { effect: 'Allow', principal, actions: ['s3:ListBucket'], resources: [bucket], ...more },
        {
          effect: 'Allow',
          principal,
          actions: ['s3:GetObject', 's3:GetObjectVersion'],
          resources: [`${bucket}/*`],
          ...more,
        },
      ];
    };
    expect(given).toEqual([
      ...both({ AWS: named }),
      ...both({ AWS: '*' }, { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } }),
      ...both({ AWS: '*' }, { StringEquals: { 'aws:SourceVpce': 'vpce-0a1b2c3d' } }),
      ...both({ AWS: 'arn:<AWS::Partition>:iam::123412341234:root' }),
    ]);
  });

  it('lets the readers that can be told apart use the key, through S3 alone', () => {
    const viaS3 = { 'kms:ViaService': `s3.${region}.<AWS::URLSuffix>` };
    const decrypting = keyStatements(template).filter(({ actions }) => actions.join() === 'kms:Decrypt');
    expect(decrypting.map(({ principal, conditions }) => ({ principal, conditions }))).toEqual([
      {
        principal: {
          AWS: ['arn:<AWS::Partition>:iam::444455556666:root', 'arn:aws:iam::777788889999:role/training'],
        },
        conditions: { StringEquals: viaS3 },
      },
      {
        principal: { AWS: '*' },
        conditions: { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij', ...viaS3 } },
      },
      { principal: { AWS: 'arn:<AWS::Partition>:iam::123412341234:root' }, conditions: undefined },
    ]);
  });

  it('grants the key with the bucket', () => {
    const key = (name: string) =>
      roleStatements(template, name).filter(({ actions }) => /^kms:/.test(actions[0] ?? ''));
    const resources = ['<Key.Arn>'];
    expect(key('Publisher')).toEqual([{ effect: 'Allow', actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources }]);
    expect(key('Reader')).toEqual([{ effect: 'Allow', actions: ['kms:Decrypt'], resources }]);
  });
});

describe('the checks of these tests', () => {
  it('find a bucket that is not kept like this', () => {
    const checked = checkedStack();
    new Bucket(checked.stack, 'Careless');
    expect(() => checked.template()).toThrow(/AwsSolutions-S10/);
  });
});
