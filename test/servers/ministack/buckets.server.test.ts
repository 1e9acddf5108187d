import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DescribeChangeSetCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { crc32c } from '@node-rs/crc32';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientSettings } from '../../cloud/client-settings.ts';
import { createUser } from '../../cloud/create-user.ts';
import { deleteStack, deployTemplate } from '../../cloud/deploy-template.ts';
import { eventually } from '../../cloud/eventually.ts';
import { lacksAwsEmulator } from '../running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from '../start-aws-emulator.ts';

describe.skipIf(lacksAwsEmulator())('buckets of MiniStack', () => {
  let emulator: AwsEmulator;
  let s3: S3Client;
  let cloudFormation: CloudFormationClient;

  beforeAll(async () => {
    emulator = await startAwsEmulator({ auth: true });
    s3 = new S3Client(clientSettings(emulator));
    cloudFormation = new CloudFormationClient(clientSettings(emulator));
  });

  afterAll(async () => {
    s3?.destroy();
    cloudFormation?.destroy();
    await emulator?.stop();
  });

  const bucket = (Properties: object, attributes: object = {}) => ({
    Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties, ...attributes } },
    Outputs: { Name: { Value: { Ref: 'Bucket' } } },
  });
  const put = (Bucket: string, Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'text' }));

  it('have the lifecycle and the tags of their template, and lose them when it does', async () => {
    const days = (DaysAfterInitiation: number) => ({
      Rules: [
        {
          ...{ Id: 'tidy', Status: 'Enabled', Prefix: 'inbox/', ExpirationInDays: 30 },
          NoncurrentVersionExpiration: { NoncurrentDays: 7, NewerNoncurrentVersions: 2 },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation },
        },
      ],
    });
    const Tags = [{ Key: 'team', Value: 'weights & measures' }];
    const { Name: Bucket } = await deployTemplate(
      cloudFormation,
      'tidy',
      bucket({ Tags, LifecycleConfiguration: days(7) }),
    );
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(Tags);
    const rules = async () => (await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules;
    expect(await rules()).toMatchObject([
      {
        ...{ ID: 'tidy', Filter: { Prefix: 'inbox/' }, Expiration: { Days: 30 } },
        NoncurrentVersionExpiration: { NoncurrentDays: 7, NewerNoncurrentVersions: 2 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ]);
    await deployTemplate(cloudFormation, 'tidy', bucket({ LifecycleConfiguration: days(9) }));
    expect(await rules()).toMatchObject([{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 9 } }]);
    await expect(s3.send(new GetBucketTaggingCommand({ Bucket }))).rejects.toThrow(/TagSet/);
    await deployTemplate(cloudFormation, 'tidy', bucket({}));
    await expect(rules()).rejects.toThrow(/lifecycle/);
  });

  it('in the namespace of the account are called by their prefix, and by no other name', async () => {
    const named = { BucketNamespace: 'account-regional', BucketNamePrefix: 'weights' };
    const { Name } = await deployTemplate(cloudFormation, 'named', bucket(named));
    expect(Name).toBe('weights-000000000000-us-east-1-an');
    const elsewhere = { BucketNamespace: 'account-regional', BucketName: 'weights' };
    await expect(deployTemplate(cloudFormation, 'misnamed', bucket(elsewhere))).rejects.toThrow(
      /ends with -000000000000/,
    );
  });

  it('are not deleted with what is in them', async () => {
    const { Name: Bucket = '' } = await deployTemplate(cloudFormation, 'full', bucket({}));
    await put(Bucket, 'kept');
    await expect(deleteStack(cloudFormation, 'full')).rejects.toThrow(/not empty/);
    await s3.send(new HeadObjectCommand({ Bucket, Key: 'kept' }));
  });

  it('that are retained are adopted by the next stack, if it imports what exists', async () => {
    const template = bucket({ BucketName: 'retained' }, { DeletionPolicy: 'RetainExceptOnCreate' });
    await deployTemplate(cloudFormation, 'first', template);
    await put('retained', 'kept');
    await deleteStack(cloudFormation, 'first');
    await s3.send(new HeadObjectCommand({ Bucket: 'retained', Key: 'kept' }));
    await expect(deployTemplate(cloudFormation, 'second', template)).rejects.toThrow('Validation failed with 1 error');
    const change = { StackName: 'third', ChangeSetName: 'adopt' };
    const TemplateBody = JSON.stringify(template);
    await cloudFormation.send(
      new CreateChangeSetCommand({ ...change, TemplateBody, ChangeSetType: 'CREATE', ImportExistingResources: true }),
    );
    await eventually('the change set', async () => {
      const { Status } = await cloudFormation.send(new DescribeChangeSetCommand(change));
      return Status === 'CREATE_COMPLETE' || undefined;
    });
    await cloudFormation.send(new ExecuteChangeSetCommand(change));
    const status = await eventually('the third stack', async () => {
      const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'third' }));
      const now = Stacks?.[0]?.StackStatus;
      return now?.endsWith('_IN_PROGRESS') ? undefined : now;
    });
    expect(status).toMatch(/_COMPLETE$/);
    expect(status).not.toMatch(/ROLLBACK/);
    await s3.send(new HeadObjectCommand({ Bucket: 'retained', Key: 'kept' }));
  });

  it('whose first deployment fails are not retained', async () => {
    const template = {
      Resources: {
        Bucket: {
          ...{ Type: 'AWS::S3::Bucket', DeletionPolicy: 'RetainExceptOnCreate' },
          Properties: { BucketName: 'never-made' },
        },
        Wrong: {
          ...{ Type: 'AWS::S3::Bucket', DependsOn: 'Bucket' },
          Properties: { BucketNamespace: 'account-regional', BucketName: 'weights' },
        },
      },
    };
    await expect(deployTemplate(cloudFormation, 'broken', template)).rejects.toThrow(/Wrong: the name/);
    await expect(put('never-made', 'key')).rejects.toThrow(/does not exist/);
  });

  it('that insist on TLS are served over plain http, and refuse whom their policy refuses', async () => {
    const statement = (Action: string, Condition: object) => ({
      ...{ Effect: 'Deny', Principal: '*', Action, Condition },
      Resource: ['arn:aws:s3:::guarded', 'arn:aws:s3:::guarded/*'],
    });
    const insecure = statement('s3:*', { Bool: { 'aws:SecureTransport': 'false' } });
    const secure = statement('s3:GetObject', { Bool: { 'aws:SecureTransport': 'true' } });
    const template = (...Statement: object[]) => ({
      Resources: {
        ...bucket({ BucketName: 'guarded' }).Resources,
        Policy: {
          ...{ Type: 'AWS::S3::BucketPolicy', DependsOn: 'Bucket' },
          Properties: { Bucket: 'guarded', PolicyDocument: { Version: '2012-10-17', Statement } },
        },
      },
    });
    await deployTemplate(cloudFormation, 'guarded', template(insecure));
    await put('guarded', 'key');
    const iam = new IAMClient(clientSettings(emulator));
    const credentials = await createUser(iam, 'reader', [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }]);
    iam.destroy();
    const reader = new S3Client({ ...clientSettings(emulator), credentials });
    const get = () => reader.send(new GetObjectCommand({ Bucket: 'guarded', Key: 'key' }));
    await get();
    await deployTemplate(cloudFormation, 'guarded', template(insecure, secure));
    await expect(get()).rejects.toMatchObject({ name: 'AccessDenied' });
    reader.destroy();
  });

  it('give a range of one version, and none behind its end', async () => {
    const Status = 'Enabled';
    const versioned = bucket({ BucketName: 'ranges', VersioningConfiguration: { Status } });
    await deployTemplate(cloudFormation, 'ranges', versioned);
    const first = await s3.send(new PutObjectCommand({ Bucket: 'ranges', Key: 'object', Body: '0123456789' }));
    await put('ranges', 'object');
    const read = (Range: string) =>
      s3.send(
        new GetObjectCommand({ ...{ Bucket: 'ranges', Key: 'object', Range }, VersionId: first.VersionId as string }),
      );
    const { $metadata, ContentRange, Body } = await read('bytes=2-4');
    expect([$metadata.httpStatusCode, ContentRange]).toEqual([206, 'bytes 2-4/10']);
    expect(await Body?.transformToString()).toBe('234');
    await expect(read('bytes=10-11')).rejects.toMatchObject({ name: 'InvalidRange' });
  });

  describe('with a multipart upload that has one checksum', () => {
    const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('the rest')];
    const checksum = (bytes: Buffer) => {
      const value = Buffer.alloc(4);
      value.writeUInt32BE(crc32c(bytes));
      return value.toString('base64');
    };
    const whole = checksum(Buffer.concat(parts));

    async function upload(Key: string, ChecksumCRC32C: string) {
      const place = { Bucket: 'uploads', Key };
      const { UploadId, ChecksumType } = await s3.send(
        new CreateMultipartUploadCommand({ ...place, ChecksumAlgorithm: 'CRC32C', ChecksumType: 'FULL_OBJECT' }),
      );
      expect(ChecksumType).toBe('FULL_OBJECT');
      const uploaded = await Promise.all(
        parts.map(async (Body, index) => {
          const part = { PartNumber: index + 1, ChecksumCRC32C: checksum(Body) };
          const { ETag } = await s3.send(new UploadPartCommand({ ...place, UploadId, Body, ...part }));
          return { ...part, ETag };
        }),
      );
      const MultipartUpload = { Parts: uploaded };
      const rest = { MultipartUpload, ChecksumCRC32C, ChecksumType: 'FULL_OBJECT' as const, IfNoneMatch: '*' };
      return s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, ...rest }));
    }

    beforeAll(() => deployTemplate(cloudFormation, 'uploads', bucket({ BucketName: 'uploads' })));

    it('keep the checksum over the whole', async () => {
      const completed = await upload('right', whole);
      expect(completed).toMatchObject({ ChecksumCRC32C: whole, ChecksumType: 'FULL_OBJECT' });
      const head = new HeadObjectCommand({ Bucket: 'uploads', Key: 'right', ChecksumMode: 'ENABLED' });
      expect(await s3.send(head)).toMatchObject({ ChecksumCRC32C: whole, ChecksumType: 'FULL_OBJECT' });
    });

    it('refuse a checksum of other bytes', async () => {
      await expect(upload('wrong', checksum(Buffer.from('other')))).rejects.toMatchObject({ name: 'BadDigest' });
    });
  });
});
