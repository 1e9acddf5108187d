import { CreateAccessKeyCommand, CreateUserCommand, type IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import type { S3Credentials } from '../servers/server-access.ts';
import type { RoleStatement } from './role-policies.ts';

/** Makes an IAM user that may do what the statements allow. The root user, for comparison, is refused nothing. */
export async function createUser(
  iam: IAMClient,
  UserName: string,
  Statement: readonly RoleStatement[],
): Promise<S3Credentials> {
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'only', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}
