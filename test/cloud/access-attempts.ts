import { GetRoleCommand, type IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { AwsEmulator } from '../servers/start-aws-emulator.ts';
import { takeRole } from './access-callers.ts';
import { clientSettings } from './client-settings.ts';
import type { SessionKeys } from './deployed-mirror.ts';

/** Something that a role may or may not do. */
export type Attempt = (s3: S3Client) => Promise<unknown>;

export function getting(Bucket: string, Key: string, VersionId?: string): Attempt {
  return async (s3) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    await Body?.transformToByteArray();
  };
}

export function putting(Bucket: string, Key: string): Attempt {
  return (s3) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
}

export function listing(Bucket: string): Attempt {
  return (s3) => s3.send(new ListObjectsV2Command({ Bucket }));
}

/** What becomes of each attempt, by name: `ok`, or the name of the error. */
export async function outcomes(
  emulator: AwsEmulator,
  credentials: SessionKeys,
  attempts: Readonly<Record<string, Attempt>>,
): Promise<Readonly<Record<string, string>>> {
  const s3 = new S3Client({ ...clientSettings(emulator), credentials, maxAttempts: 1 });
  const found: [string, string][] = [];
  for (const [name, attempt] of Object.entries(attempts)) {
    const end = await attempt(s3).then(
      () => 'ok',
      (error: Error) => error.name,
    );
    found.push([name, end]);
  }
  s3.destroy();
  return Object.fromEntries(found);
}

/** A session of a role that a service or another role takes; whom it trusts is as before afterwards. */
export async function borrowRole(emulator: AwsEmulator, iam: IAMClient, RoleName: string): Promise<SessionKeys> {
  const root = `arn:aws:iam::${emulator.account}:root`;
  const trust = { Effect: 'Allow', Principal: { AWS: root }, Action: 'sts:AssumeRole' };
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const put = (PolicyDocument: string) => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
  await put(JSON.stringify({ Version: '2012-10-17', Statement: [trust] }));
  try {
    return await takeRole(emulator, Role?.Arn ?? '', emulator.credentials);
  } finally {
    await put(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''));
  }
}
