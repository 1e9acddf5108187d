import { Names, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * Name for what belongs to the account, not to a region: CDK's own would collide where the same stack is deployed in a
 * second region. 64 characters at most, which CloudFront allows for everything.
 */
export function regionalName(scope: Construct, id: string): string {
  return `${Names.uniqueResourceName(scope, { maxLength: 36, separator: '-' })}-${id}-${Stack.of(scope).region}`;
}
