import { Aws, DefaultStackSynthesizer, type IStackSynthesizer, type StackProps } from 'aws-cdk-lib';
import type { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { publicMirrorOf } from '../contract/cloud/cloud-configuration.ts';
import { type Deployment, runtimeConfiguration } from '../contract/cloud/deployment.ts';
import { gcsRoleName, gcsStackName, gcsWriters, mirrorStackName } from '../contract/cloud/resource-names.ts';
import { applyCompanyRules } from './company-rules.ts';
import { GcsStack } from './gcs-stack.ts';
import { given } from './given.ts';
import { MirrorStack } from './mirror-stack.ts';

/** What is not in weighbridge.yaml, since it says nothing about the deployment as such. */
export interface WeighbridgeOptions {
  /** Of the functions. @default lambda.Architecture.ARM_64 */
  readonly architecture?: Architecture;
  /** Folder of the built handlers. @default - that of this package */
  readonly bundles?: string;
}

/** The stacks of a deployment. */
export interface WeighbridgeStacks {
  readonly mirror: MirrorStack;
  /** Undefined where there is no `cloud.gcs`. */
  readonly gcs: GcsStack | undefined;
}

/**
 * Adds the stacks of a deployment to an app and holds them to the rules of `cloud:` (tags; boundary, path and prefix of
 * roles; retention of logs). Accounts and regions that weighbridge.yaml does not name are those of the credentials that
 * deploy.
 *
 * @example
 * const app = new App();
 * addWeighbridge(app, loadDeployment('weighbridge.yaml', { environment: 'prod' }));
 */
export function addWeighbridge(
  scope: Construct,
  deployment: Deployment,
  options: WeighbridgeOptions = {},
): WeighbridgeStacks {
  const { name } = deployment.cloud;
  const props = { ...stackProps(deployment), ...options };
  const mirror = new MirrorStack(scope, freeId(scope, mirrorStackName(name), deployment), {
    ...props,
    stackName: mirrorStackName(name),
    deployment,
  });
  const gcs = gcsStack(scope, freeId(scope, gcsStackName(name), deployment), deployment, props);
  for (const stack of [mirror, gcs]) {
    if (stack !== undefined) holdToRules(stack, deployment);
  }
  return { mirror, gcs };
}

/** The name of the stack; with the region where the app has it already, in another one. */
function freeId(scope: Construct, stackName: string, { cloud }: Deployment): string {
  return scope.node.tryFindChild(stackName) === undefined ? stackName : `${stackName}-${cloud.region}`;
}

function gcsStack(
  scope: Construct,
  id: string,
  deployment: Deployment,
  props: StackProps & WeighbridgeOptions,
): GcsStack | undefined {
  const { cloud } = deployment;
  if (cloud.gcs === undefined) return undefined;
  const place = { name: cloud.name, region: cloud.region ?? Aws.REGION };
  return new GcsStack(scope, id, {
    ...props,
    stackName: gcsStackName(cloud.name),
    gcs: cloud.gcs,
    configuration: runtimeConfiguration(deployment),
    noncurrentDays: cloud.retention.noncurrentDays,
    unfinishedUploadDays: cloud.retention.unfinishedUploadDays,
    logRetention: cloud.retention.logDays as RetentionDays,
    roleName: gcsRoleName('buckets', place, cloud.rolePrefix),
    writerRoleNames: gcsWriters.map((purpose) => gcsRoleName(purpose, place, cloud.rolePrefix)),
    tags: cloud.tags,
    ...given({ cors: publicMirrorOf(cloud)?.cors, encryptionKeyArn: keyOfOthers(cloud) }),
  });
}

/**
 * A key that weighbridge.yaml names serves both stacks. One that the other stack makes does not: neither could the key go
 * while this stack uses it, nor this stack be deployed without the other.
 */
function keyOfOthers({ encryptionKey }: Deployment['cloud']): string | undefined {
  return encryptionKey.startsWith('arn:') ? encryptionKey : undefined;
}

function holdToRules(stack: MirrorStack | GcsStack, { cloud }: Deployment): void {
  applyCompanyRules(stack, {
    tags: cloud.tags,
    rolePath: cloud.rolePath,
    rolePrefix: cloud.rolePrefix,
    logRetentionDays: cloud.retention.logDays,
    ...given({ permissionsBoundary: cloud.permissionsBoundary }),
  });
}

function stackProps({ cloud, environment }: Deployment): StackProps {
  const { account, region, bootstrapQualifier: qualifier } = cloud;
  const synthesizer = qualifier && (new DefaultStackSynthesizer({ qualifier }) as IStackSynthesizer);
  return {
    env: given({ account, region }),
    description: `Weighbridge ${cloud.name}${environment === null ? '' : ` (${environment})`}: a mirror of model weights`,
    ...given({ synthesizer: synthesizer || undefined }),
  };
}
