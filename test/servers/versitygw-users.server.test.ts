import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Server } from './running-servers.ts';
import type { S3Credentials } from './server-access.ts';
import { type S3ServerWithUsers, startVersitygwWithUsers } from './start-versitygw-with-users.ts';

describe.skipIf(s3Server('versitygw') === undefined)('versitygw with users', () => {
  let server: S3ServerWithUsers;
  let root: S3Client;

  function clientOf(credentials: S3Credentials): S3Client {
    const { endpoint, region } = server;
    return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
  }

  function put(client: S3Client, key: string): Promise<unknown> {
    return client.send(new PutObjectCommand({ Bucket: 'weights', Key: key, Body: 'bytes' }));
  }

  function get(client: S3Client, key: string): Promise<unknown> {
    return client.send(new GetObjectCommand({ Bucket: 'weights', Key: key }));
  }

  beforeAll(async () => {
    server = await startVersitygwWithUsers();
    root = clientOf(server.credentials);
    await root.send(new CreateBucketCommand({ Bucket: 'weights' }));
    await put(root, 'public/a');
    await put(root, 'private/a');
  });

  afterAll(async () => {
    root.destroy();
    await server.stop();
  });

  it('lets a user do what the policy allows, and refuses the rest', async () => {
    const reader = clientOf(
      await server.createUser('reader', [
        { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::weights/public/*' },
      ]),
    );
    await expect(get(reader, 'public/a')).resolves.toBeDefined();
    await expect(get(reader, 'private/a')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(put(reader, 'public/b')).rejects.toMatchObject({ name: 'AccessDenied' });
    reader.destroy();
  });

  it('heeds a changed policy at once', async () => {
    const allowed = { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::weights/*' } as const;
    const writer = clientOf(await server.createUser('writer', [allowed]));
    await put(writer, 'inbox/a');
    await server.setPolicy('writer', [{ ...allowed, Effect: 'Deny' }]);
    await expect(put(writer, 'inbox/b')).rejects.toMatchObject({ name: 'AccessDenied' });
    writer.destroy();
  });
});
