import { Duration } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { EncryptionKey } from '../../lib/infra/encryption-key.ts';
import { LogsBucket } from '../../lib/infra/logs-bucket.ts';
import { checkedStack } from './checked-stack.ts';
import { bucketStatements, keyStatements, resourceOf } from './resource-policies.ts';

const ownership = (rule: string) => ({ OwnershipControls: { Rules: [{ ObjectOwnership: rule }] } });

describe('what a deployment keeps besides mirrors and state', () => {
  const { stack, template: synthesise } = checkedStack({ account: '111122223333', region: 'eu-central-1' });
  new LogsBucket(stack, 'Logs');
  new LogsBucket(stack, 'CdnLogs', {
    bucketName: 'acme-logs-111122223333-eu-central-1-an',
    cdnLogs: true,
    expireAfter: Duration.days(7),
  });
  new EncryptionKey(stack, 'Key', { alias: 'acme' });
  const template = synthesise();

  it('is a bucket of logs that expire, which S3 may write to and nobody else', () => {
    const { Properties, DeletionPolicy } = resourceOf(template, 'AWS::S3::Bucket', 'Logs');
    expect(DeletionPolicy).toBe('RetainExceptOnCreate');
    expect(Properties).toMatchObject({
      ...ownership('BucketOwnerEnforced'),
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 90 }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    expect(bucketStatements(template, 'Logs').filter(({ effect }) => effect === 'Allow')).toEqual([
      {
        effect: 'Allow',
        principal: { Service: 'logging.s3.amazonaws.com' },
        actions: ['s3:PutObject'],
        resources: ['<LogsBucket.Arn>/s3/*'],
        conditions: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
      },
    ]);
  });

  it('is a bucket that takes the ACLs of CloudFront, only where it is asked to', () => {
    expect(resourceOf(template, 'AWS::S3::Bucket', 'CdnLogs').Properties).toMatchObject({
      ...ownership('BucketOwnerPreferred'),
      BucketName: 'acme-logs-111122223333-eu-central-1-an',
      BucketNamespace: 'account-regional',
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 7 }] },
    });
  });

  it('is one key that changes every year and outlives the stack', () => {
    const key = resourceOf(template, 'AWS::KMS::Key', 'Key');
    expect(key.DeletionPolicy).toBe('RetainExceptOnCreate');
    expect(key.Properties).toMatchObject({ EnableKeyRotation: true });
    template.hasResourceProperties('AWS::KMS::Alias', { AliasName: 'alias/acme' });
  });

  it('lets log groups and alarms use the key, of this account alone', () => {
    const services = keyStatements(template).filter(
      ({ principal }) => principal !== undefined && 'Service' in principal,
    );
    expect(services.map(({ principal, conditions }) => ({ principal, conditions }))).toEqual([
      {
        principal: { Service: 'logs.eu-central-1.<AWS::URLSuffix>' },
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': 'arn:<AWS::Partition>:logs:eu-central-1:111122223333:log-group:*',
          },
        },
      },
      {
        principal: { Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] },
        conditions: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
      },
    ]);
  });
});
