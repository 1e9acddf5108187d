import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** Whose credentials a proof has. */
export interface Caller {
  /** 12 digits. */
  readonly account: string;
  readonly partition: string;
  /** ARN of its role or user; undefined for the root of an account, which takes no roles. */
  readonly principal: string | undefined;
}

/** @throws Error when there are no credentials, or they do not work */
export async function findCaller(region: string): Promise<Caller> {
  const sts = new STSClient({ region, maxAttempts: 2 });
  try {
    const { Account: account = '', Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    const partition = arn.split(':')[1] ?? 'aws';
    const [, role] = /:assumed-role\/([^/]+)\//.exec(arn) ?? [];
    if (role !== undefined) return { account, partition, principal: await roleArn(region, role) };
    return { account, partition, principal: arn.endsWith(':root') ? undefined : arn };
  } finally {
    sts.destroy();
  }
}

/** What is taken has no path in its name; the role itself may have one, as those of IAM Identity Center do. */
async function roleArn(region: string, RoleName: string): Promise<string | undefined> {
  const iam = new IAMClient({ region, maxAttempts: 2 });
  try {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    return Role?.Arn;
  } finally {
    iam.destroy();
  }
}
