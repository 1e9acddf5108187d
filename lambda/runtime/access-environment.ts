import type { RuntimeConfiguration } from '../../lib/contract/cloud/deployment.ts';
import { handlerVariables } from '../../lib/contract/cloud/handlers.ts';
import { consumerRoleName } from '../../lib/contract/cloud/resource-names.ts';
import type { ConsumerRoles } from '../../lib/core/access/aws-caller.ts';
import { UsageError } from '../../lib/core/errors.ts';
import {
  type AwsIdentity,
  type HandlerEnvironment,
  readHandlerEnvironment,
  type Variables,
} from './handler-environment.ts';

/** What the function of the access API was deployed with. */
export interface AccessEnvironment extends AwsIdentity {
  readonly configuration: RuntimeConfiguration;
  readonly stateBucket: string;
  readonly privateBucket: string;
  readonly s3Endpoint: HandlerEnvironment['s3Endpoint'];
  /** ARN of the role that signs. */
  readonly signerRole: string;
  readonly consumers: ConsumerRoles;
}

/** @throws UsageError naming a variable that is not set, or what is wrong in the file */
export function readAccessEnvironment(folder: string, variables: Variables): AccessEnvironment {
  const environment = readHandlerEnvironment(folder, variables);
  const { configuration, region, privateBucket } = environment;
  if (privateBucket === undefined) throw new UsageError(`${handlerVariables.privateBucket} is not set`);
  const signerRole = variables[handlerVariables.signerRole] ?? '';
  // The signer is of the deployment's own account.
  const account = /^arn:[a-z-]+:iam::([0-9]{12}):role\/./.exec(signerRole)?.[1];
  if (account === undefined) throw new UsageError(`${handlerVariables.signerRole} is not the ARN of a role`);
  const { rolePrefix = '', consumerAccounts = [] } = configuration.access ?? {};
  const place = { name: configuration.name, region };
  const roles = new Map(consumerAccounts.map((other) => [consumerRoleName(other, place, rolePrefix), other]));
  return { ...environment, privateBucket, signerRole, consumers: { account, roles } };
}
