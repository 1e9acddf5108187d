import { CreateRoleCommand, type IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import type { RoleStatement } from './role-policies.ts';

/** Makes a role that everybody of an account may take and that may do what the statements allow. */
export async function createRole(
  iam: IAMClient,
  RoleName: string,
  account: string,
  Statement: readonly RoleStatement[],
): Promise<void> {
  const policy = (statements: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy([trust]) }));
  if (Statement.length === 0) return;
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'only', PolicyDocument: policy(Statement) }));
}
