import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { grantPlan } from '../../../lib/infra/grant-plan.ts';
import { MirrorBucket } from '../../../lib/infra/mirror-bucket.ts';
import { StateBucket } from '../../../lib/infra/state-bucket.ts';
import type { PolicyStatement } from '../../servers/start-versitygw-with-users.ts';

/** The statements that the stack grants the `submit` role of a publisher, on a bucket of this name. */
export function submitPolicy(publisher: string, bucket: string): readonly PolicyStatement[] {
  const stack = new Stack(new App(), 'Submit');
  const role = new Role(stack, 'Publisher', { assumedBy: new AccountRootPrincipal() });
  new StateBucket(stack, 'State').grantSubmit(role, publisher);
  return statementsOf(stack, bucket);
}

/** References to the bucket's ARN become the ARN. */
function named(value: unknown, arn: string): unknown {
  if (Array.isArray(value)) return value.map((one) => named(one, arn));
  if (typeof value !== 'object' || value === null) return value;
  if ('Fn::GetAtt' in value) return arn;
  if ('Fn::Join' in value) {
    const [, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map((part) => named(part, arn)).join('');
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, named(one, arn)]));
}

/** The statements that the stack grants the `plan` role of a publisher, on a mirror of this name. */
export function planPolicy(bucket: string): readonly PolicyStatement[] {
  const stack = new Stack(new App(), 'Plan');
  const role = new Role(stack, 'Publisher', { assumedBy: new AccountRootPrincipal() });
  grantPlan(role, new MirrorBucket(stack, 'Mirror').bucket);
  return statementsOf(stack, bucket);
}

function statementsOf(stack: Stack, bucket: string): readonly PolicyStatement[] {
  const policies = Template.fromStack(stack).findResources('AWS::IAM::Policy');
  const statements = Object.values(policies).flatMap((policy) => policy.Properties.PolicyDocument.Statement);
  return statements.map((statement) => named(statement, `arn:aws:s3:::${bucket}`) as PolicyStatement);
}
