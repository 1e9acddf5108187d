import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CreateAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Template as Synthesised } from 'aws-cdk-lib/assertions';
import { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { User } from 'aws-cdk-lib/aws-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inboxKey, progressKey, reportKey, submissionKey } from '../../lib/contract/cloud/state-keys.ts';
import { MirrorBucket } from '../../lib/infra/mirror-bucket.ts';
import { MirrorCdn } from '../../lib/infra/mirror-cdn.ts';
import { StateBucket } from '../../lib/infra/state-bucket.ts';
import { clientSettings } from '../cloud/client-settings.ts';
import { deployTemplate, type Template } from '../cloud/deploy-template.ts';
import { fetchFromDistribution } from '../cloud/fetch-from-distribution.ts';
import { lacksAwsEmulator } from '../servers/running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from '../servers/start-aws-emulator.ts';

const place = (publisher: string) => ({ publisher, run: '0'.repeat(32), attempt: '01JD0000000000000000000000' });
const digest = 'ab'.repeat(32);

/** Over plain http the emulator takes what would be TLS as such, and evaluates policies of users and buckets. */
describe.skipIf(lacksAwsEmulator())('buckets and CDN, deployed', () => {
  let emulator: AwsEmulator;
  let outputs: Readonly<Record<string, string>>;
  const clients: S3Client[] = [];
  let root: S3Client;
  let publisher: S3Client;
  let submitter: S3Client;
  let mirror: string;
  let state: string;

  beforeAll(async () => {
    emulator = await startAwsEmulator({ auth: true });
    const stack = new Stack(new App({ analyticsReporting: false }), 'Stack');
    const mirrors = new MirrorBucket(stack, 'Mirror');
    const states = new StateBucket(stack, 'State');
    const cdn = new MirrorCdn(stack, 'Cdn', { mirror: mirrors });
    mirrors.grantPublish(new User(stack, 'Publisher', { userName: 'publisher' }));
    states.grantSubmit(new User(stack, 'Submitter', { userName: 'submitter' }), 'alpha');
    const other = new Distribution(stack, 'Other', {
      defaultBehavior: { origin: S3BucketOrigin.withOriginAccessControl(mirrors.bucket) },
    });
    new CfnOutput(stack, 'OtherDomain', { value: other.domainName });
    new CfnOutput(stack, 'MirrorName', { value: mirrors.bucket.bucketName });
    new CfnOutput(stack, 'StateName', { value: states.bucket.bucketName });
    new CfnOutput(stack, 'Domain', { value: cdn.distribution.domainName });
    const cloudFormation = new CloudFormationClient(clientSettings(emulator));
    const { Resources, Outputs } = Synthesised.fromStack(stack).toJSON() as Template;
    // Without the parameter that asks for the bootstrap stack: nothing here is an asset.
    outputs = await deployTemplate(cloudFormation, 'buckets', { Resources, ...(Outputs && { Outputs }) });
    cloudFormation.destroy();
    mirror = outputs.MirrorName ?? '';
    state = outputs.StateName ?? '';
    root = clientOf();
    publisher = await clientOfUser('publisher');
    submitter = await clientOfUser('submitter');
    await root.send(new PutObjectCommand({ Bucket: mirror, Key: 'registry.json', Body: '{"serial":1}' }));
    await root.send(new PutObjectCommand({ Bucket: mirror, Key: 'toy/1.0.0/weights.bin', Body: 'weights of a toy' }));
  });

  afterAll(async () => {
    for (const client of clients) client.destroy();
    await emulator?.stop();
  });

  function clientOf(credentials = emulator.credentials): S3Client {
    const client = new S3Client({ ...clientSettings(emulator), credentials, maxAttempts: 1 });
    clients.push(client);
    return client;
  }

  async function clientOfUser(UserName: string): Promise<S3Client> {
    const iam = new IAMClient(clientSettings(emulator));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    iam.destroy();
    return clientOf({ accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' });
  }

  const viewer = (path: string, options?: Parameters<typeof fetchFromDistribution>[3]) =>
    fetchFromDistribution(emulator, outputs.Domain ?? '', path, options);
  const denied = { name: 'AccessDenied' };

  it('serve a file, whole and by range', async () => {
    const whole = await viewer('/toy/1.0.0/weights.bin');
    expect([whole.status, whole.body.toString()]).toEqual([200, 'weights of a toy']);
    expect(whole.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'accept-ranges': 'bytes' });
    const part = await viewer('/toy/1.0.0/weights.bin', { headers: { range: 'bytes=0-6' } });
    expect([part.status, part.body.toString()]).toEqual([206, 'weights']);
  });

  // Without a root object the emulator refuses these and S3 would list: either is something else than the registry.
  it.each(['/', '/?list-type=2', '/?versions'])('give the registry for %s, and no listing', async (path) => {
    const { status, body } = await viewer(path);
    expect([status, body.toString()]).toEqual([200, '{"serial":1}']);
  });

  it('say of what is missing that it is not there, and so does only a distribution that may list', async () => {
    const path = '/toy/1.0.0/other.bin';
    expect((await viewer(path)).status).toBe(404);
    expect((await viewer(path, { method: 'HEAD' })).status).toBe(404);
    expect((await fetchFromDistribution(emulator, outputs.OtherDomain ?? '', path)).status).toBe(403);
    expect((await fetchFromDistribution(emulator, outputs.OtherDomain ?? '', '/registry.json')).status).toBe(200);
  });

  it('let nobody read the bucket past the CDN', async () => {
    const answer = await fetch(`${emulator.url}/${mirror}/registry.json`);
    expect(answer.status).toBe(403);
    expect((await fetch(`${emulator.url}/${mirror}?list-type=2`)).status).toBe(403);
  });

  it('let who publishes write, list and read, and delete nothing', async () => {
    await publisher.send(
      new PutObjectCommand({ Bucket: mirror, Key: 'toy/1.0.0/more.bin', Body: 'more', IfNoneMatch: '*' }),
    );
    const listed = await publisher.send(new ListObjectsV2Command({ Bucket: mirror }));
    expect(listed.KeyCount).toBe(3);
    const removal = publisher.send(new DeleteObjectCommand({ Bucket: mirror, Key: 'registry.json' }));
    await expect(removal).rejects.toMatchObject(denied);
  });

  it('let a publisher submit, send bytes in parts, and read its own reports', async () => {
    const put = (Key: string) =>
      submitter.send(new PutObjectCommand({ Bucket: state, Key, Body: '{}', IfNoneMatch: '*' }));
    await put(submissionKey(place('alpha')));
    const Key = inboxKey('alpha', 'private', digest);
    const { UploadId } = await submitter.send(new CreateMultipartUploadCommand({ Bucket: state, Key }));
    await submitter.send(new UploadPartCommand({ Bucket: state, Key, UploadId, PartNumber: 1, Body: 'part' }));
    const { Parts } = await submitter.send(new ListPartsCommand({ Bucket: state, Key, UploadId }));
    expect(Parts).toHaveLength(1);
    await root.send(new PutObjectCommand({ Bucket: state, Key: reportKey(place('alpha')), Body: '{}' }));
    await submitter.send(new GetObjectCommand({ Bucket: state, Key: reportKey(place('alpha')) }));
    const reports = await submitter.send(new ListObjectsV2Command({ Bucket: state, Prefix: 'reports/alpha/' }));
    expect(reports.KeyCount).toBe(1);
  });

  it('let a publisher do nothing else', async () => {
    const refused = {
      'submit for another': new PutObjectCommand({ Bucket: state, Key: submissionKey(place('beta')), Body: '{}' }),
      'write a report': new PutObjectCommand({ Bucket: state, Key: reportKey(place('alpha')), Body: '{}' }),
      'write a checkpoint': new PutObjectCommand({ Bucket: state, Key: 'working/x', Body: '{}' }),
      'read a submission': new GetObjectCommand({ Bucket: state, Key: submissionKey(place('alpha')) }),
      'read progress of another': new GetObjectCommand({ Bucket: state, Key: progressKey(place('beta')) }),
      'list everything': new ListObjectsV2Command({ Bucket: state }),
      'list reports of all': new ListObjectsV2Command({ Bucket: state, Prefix: 'reports/' }),
      'delete its submission': new DeleteObjectCommand({ Bucket: state, Key: submissionKey(place('alpha')) }),
    };
    for (const [what, command] of Object.entries(refused)) {
      await expect(submitter.send(command as GetObjectCommand), what).rejects.toMatchObject(denied);
    }
  });
});
