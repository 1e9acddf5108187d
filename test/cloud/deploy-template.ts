import {
  type CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { eventually } from './eventually.ts';

/** A CloudFormation template as far as tests write one. */
export interface Template {
  readonly Resources: Readonly<Record<string, unknown>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

/**
 * Makes a stack, or changes the one of that name, and waits until it is complete.
 * @returns its outputs
 * @throws Error with CloudFormation's reasons when it is rolled back
 */
export async function deployTemplate(
  cloudFormation: CloudFormationClient,
  StackName: string,
  template: Template,
): Promise<Readonly<Record<string, string>>> {
  const request = {
    StackName,
    TemplateBody: JSON.stringify(template),
    Capabilities: ['CAPABILITY_NAMED_IAM' as const],
  };
  const exists = (await stackStatus(cloudFormation, StackName)) !== undefined;
  await cloudFormation.send(exists ? new UpdateStackCommand(request) : new CreateStackCommand(request));
  const status = await ended(cloudFormation, StackName);
  if (!/^(CREATE|UPDATE)_COMPLETE$/.test(status)) throw await failure(cloudFormation, StackName, status);
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
  const outputs = Stacks[0]?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

/** @throws Error with CloudFormation's reasons when it cannot be deleted. */
export async function deleteStack(cloudFormation: CloudFormationClient, StackName: string): Promise<void> {
  await cloudFormation.send(new DeleteStackCommand({ StackName }));
  const status = await ended(cloudFormation, StackName);
  if (status !== 'DELETE_COMPLETE') throw await failure(cloudFormation, StackName, status);
}

function ended(cloudFormation: CloudFormationClient, name: string): Promise<string> {
  return eventually(`stack ${name}`, async () => {
    const status = (await stackStatus(cloudFormation, name)) ?? 'DELETE_COMPLETE';
    return status.endsWith('_IN_PROGRESS') ? undefined : status;
  });
}

/** Status of a stack, such as `CREATE_COMPLETE`; undefined where there is none of that name. */
export async function stackStatus(
  cloudFormation: CloudFormationClient,
  StackName: string,
): Promise<string | undefined> {
  try {
    const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    return Stacks[0]?.StackStatus;
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

async function failure(cloudFormation: CloudFormationClient, StackName: string, status: string): Promise<Error> {
  const { StackEvents = [] } = await cloudFormation.send(new DescribeStackEventsCommand({ StackName }));
  const reasons = StackEvents.flatMap(({ LogicalResourceId, ResourceStatusReason }) =>
    ResourceStatusReason === undefined ? [] : `${LogicalResourceId}: ${ResourceStatusReason}`,
  );
  return new Error(`stack ${StackName} is ${status}\n${reasons.join('\n')}`);
}
