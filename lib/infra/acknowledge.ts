import { Stack, Validations } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';

/** Says of one cdk-nag finding why it stands, on the construct and all below it. */
export function acknowledge(scope: IConstruct, id: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions::${id}`, reason });
}

/**
 * Says why a grant ends in a wildcard, where the grantee is a role of the app.
 *
 * @param resource ARN with its wildcard, as the statement has it
 */
export function acknowledgeWildcard(grantee: IGrantable, resource: string, reason: string): void {
  const principal: unknown = grantee.grantPrincipal;
  if (Construct.isConstruct(principal)) acknowledgeWildcardBelow(principal, resource, reason);
}

/** Likewise, of the policies that a construct makes for itself. */
export function acknowledgeWildcardBelow(scope: IConstruct, resource: string, reason: string): void {
  acknowledge(scope, `AwsSolutions-IAM5[Resource::${nagText(scope, resource)}]`, reason);
}

/** An ARN as cdk-nag writes it into findings: references in angle brackets. */
function nagText(scope: IConstruct, arn: string): string {
  const text = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return String(value);
    if ('Fn::Join' in value) {
      const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
      return parts.map(text).join(separator);
    }
    if ('Fn::GetAtt' in value) return `<${(value['Fn::GetAtt'] as string[]).join('.')}>`;
    if ('Ref' in value) return `<${value.Ref}>`;
    return JSON.stringify(value);
  };
  return text(Stack.of(scope).resolve(arn));
}
