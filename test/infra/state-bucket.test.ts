import type { Stack } from 'aws-cdk-lib';
import { Duration } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  inboxKey,
  policyKey,
  progressKey,
  reportKey,
  submissionKey,
  workPrefix,
} from '../../lib/contract/cloud/state-keys.ts';
import { EncryptionKey } from '../../lib/infra/encryption-key.ts';
import { StateBucket } from '../../lib/infra/state-bucket.ts';
import { checkedStack } from './checked-stack.ts';
import { allows } from './policies.ts';
import { bucketStatements, resourceOf, roleStatements } from './resource-policies.ts';

const bucket = '<StateBucket.Arn>';
const digest = 'ab'.repeat(32);
const place = (publisher: string) => ({ publisher, run: '0'.repeat(32), attempt: '01JD0000000000000000000000' });

function newRole(scope: Stack, id: string): iam.Role {
  return new iam.Role(scope, id, { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
}

describe('the state bucket', () => {
  let template: Template;

  beforeAll(() => {
    const { stack, template: synthesise } = checkedStack();
    const state = new StateBucket(stack, 'State');
    state.grantWork(newRole(stack, 'Work'));
    state.grantReadSubmissions(newRole(stack, 'Submissions'));
    state.grantReadInbox(newRole(stack, 'Inbox'));
    state.grantWriteReports(newRole(stack, 'Reports'));
    state.grantSubmit(newRole(stack, 'Alpha'), 'alpha');
    state.grantReadPolicy(newRole(stack, 'Judge'));
    state.grantWritePolicy(newRole(stack, 'Lawgiver'));
    template = synthesise();
  });

  it('tells EventBridge of every object, without a function that sets it so', () => {
    expect(resourceOf(template, 'AWS::S3::Bucket', 'State').Properties).toMatchObject({
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    template.resourceCountIs('AWS::Lambda::Function', 0);
    template.resourceCountIs('Custom::S3BucketNotifications', 0);
  });

  it('lets everything in it expire, and what was replaced after a day', () => {
    const { LifecycleConfiguration } = resourceOf(template, 'AWS::S3::Bucket', 'State').Properties;
    const { Rules } = LifecycleConfiguration as { readonly Rules: readonly Record<string, unknown>[] };
    const expiring = Rules.filter(({ ExpirationInDays }) => ExpirationInDays === 60);
    const keys = [
      submissionKey(place('alpha')),
      inboxKey('alpha', 'private', digest),
      reportKey(place('alpha')),
      progressKey(place('alpha')),
      `${workPrefix}runs/x`,
      'map-results/x',
    ];
    expect(keys.filter((key) => !expiring.some(({ Prefix }) => key.startsWith(String(Prefix))))).toEqual([]);
    for (const rule of expiring) expect(rule.NoncurrentVersionExpiration).toEqual({ NoncurrentDays: 1 });
    expect(Rules).toContainEqual({ Id: 'delete-markers', Status: 'Enabled', ExpiredObjectDeleteMarker: true });
    expect(Rules).toContainEqual({
      Id: 'unfinished-uploads',
      Status: 'Enabled',
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 14 },
    });
  });

  it('keeps the access policy for ever, and those before it for a year', () => {
    const { LifecycleConfiguration } = resourceOf(template, 'AWS::S3::Bucket', 'State').Properties;
    const { Rules } = LifecycleConfiguration as { readonly Rules: readonly Record<string, unknown>[] };
    const about = Rules.filter(({ Prefix }) => Prefix === undefined || policyKey.startsWith(String(Prefix)));
    expect(about.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)).toEqual([]);
    // Of several rules about one version the one that ends it sooner holds.
    const replaced = about.flatMap(({ NoncurrentVersionExpiration }) => NoncurrentVersionExpiration ?? []);
    expect(replaced).toEqual([{ NoncurrentDays: 365 }]);
  });

  it('is closed to everybody by itself', () => {
    expect(bucketStatements(template, 'State').map(({ effect }) => effect)).toEqual(['Deny', 'Deny']);
    expect(resourceOf(template, 'AWS::S3::Bucket', 'State').Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
  });

  it.each([
    ['Work', ['s3:GetObject', 's3:PutObject'], 'working/*'],
    ['Submissions', ['s3:GetObject', 's3:GetObjectVersion'], 'submissions/*'],
    ['Inbox', ['s3:GetObject', 's3:GetObjectVersion'], 'inbox/*'],
    ['Reports', ['s3:GetObject', 's3:PutObject'], 'reports/*'],
  ])('grants the functions of the pipeline one prefix each: %s', (role, actions, keys) => {
    expect(roleStatements(template, role)).toEqual([
      { effect: 'Allow', actions: ['s3:ListBucket'], resources: [bucket] },
      { effect: 'Allow', actions, resources: [`${bucket}/${keys}`] },
    ]);
  });

  it.each([
    ['the access API', 'Judge', ['s3:GetObject']],
    ['who replaces it', 'Lawgiver', ['s3:GetObject', 's3:PutObject']],
  ])('grants %s exactly the access policy', (_, role, actions) => {
    expect(roleStatements(template, role)).toEqual([
      { effect: 'Allow', actions: ['s3:ListBucket'], resources: [bucket] },
      { effect: 'Allow', actions, resources: [`${bucket}/policy/current.json`] },
    ]);
  });

  it('grants a publisher to put its own submissions and inbox, and to read its own reports', () => {
    expect(roleStatements(template, 'Alpha')).toEqual([
      {
        effect: 'Allow',
        actions: ['s3:ListBucket'],
        resources: [bucket],
        conditions: { StringLike: { 's3:prefix': ['reports/alpha/*'] } },
      },
      { effect: 'Allow', actions: ['s3:PutObject'], resources: [`${bucket}/submissions/alpha/*`] },
      {
        effect: 'Allow',
        actions: ['s3:PutObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
        resources: [`${bucket}/inbox/alpha/*`],
      },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: [`${bucket}/reports/alpha/*`] },
    ]);
  });

  it.each([
    ['submit for another, whose name begins like its own', 's3:PutObject', submissionKey(place('alpha-2'))],
    ['send bytes for another', 's3:PutObject', inboxKey('beta', 'public', digest)],
    ['read what it submitted', 's3:GetObject', submissionKey(place('alpha'))],
    ['read what it sent', 's3:GetObject', inboxKey('alpha', 'private', digest)],
    ['read reports of another', 's3:GetObject', reportKey(place('beta'))],
    ['write a report', 's3:PutObject', reportKey(place('alpha'))],
    ['read checkpoints', 's3:GetObject', `${workPrefix}runs/x`],
    ['write checkpoints', 's3:PutObject', `${workPrefix}runs/x`],
    ['write the access policy', 's3:PutObject', policyKey],
    ['delete what it sent', 's3:DeleteObject', inboxKey('alpha', 'private', digest)],
  ])('does not let a publisher %s', (_, action, key) => {
    const statements = roleStatements(template, 'Alpha');
    expect(allows(statements, action, `${bucket}/${key}`)).toBe(false);
    expect(allows(statements, 's3:PutObject', `${bucket}/${submissionKey(place('alpha'))}`)).toBe(true);
  });
});

describe('the state bucket with a key', () => {
  it('grants the key with each prefix, and keeps what it was told to keep', () => {
    const { stack, template: synthesise } = checkedStack();
    const { key } = new EncryptionKey(stack, 'Key');
    const state = new StateBucket(stack, 'State', {
      encryptionKey: key,
      expireAfter: Duration.days(20),
      unfinishedUploads: Duration.days(9),
    });
    state.grantWork(newRole(stack, 'Work'));
    state.grantReadInbox(newRole(stack, 'Inbox'));
    state.grantSubmit(newRole(stack, 'Alpha'), 'alpha');
    const template = synthesise();
    const used = (role: string) =>
      roleStatements(template, role).filter(({ resources }) => resources[0] === '<Key.Arn>');
    expect(used('Work').flatMap(({ actions }) => actions)).toEqual(['kms:GenerateDataKey', 'kms:Decrypt']);
    expect(used('Inbox').flatMap(({ actions }) => actions)).toEqual(['kms:Decrypt']);
    expect(used('Alpha').flatMap(({ actions }) => actions)).toEqual(['kms:GenerateDataKey', 'kms:Decrypt']);
    const text = JSON.stringify(resourceOf(template, 'AWS::S3::Bucket', 'State').Properties.LifecycleConfiguration);
    expect(text.match(/"ExpirationInDays":\d+/g)).toEqual(Array(5).fill('"ExpirationInDays":20'));
    expect(text).toContain('"DaysAfterInitiation":9');
  });
});
