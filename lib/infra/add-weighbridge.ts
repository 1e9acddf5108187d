import { Aws, DefaultStackSynthesizer, type IStackSynthesizer, type StackProps } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { publicMirrorOf } from '../contract/cloud/cloud-configuration.ts';
import { type Deployment, runtimeConfiguration } from '../contract/cloud/deployment.ts';
import { gcsRoleName, gcsStackName, mirrorStackName } from '../contract/cloud/resource-names.ts';
import { applyCompanyRules } from './company-rules.ts';
import { GcsStack } from './gcs-stack.ts';
import { given } from './given.ts';
import { MirrorStack } from './mirror-stack.ts';

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
export function addWeighbridge(scope: Construct, deployment: Deployment): WeighbridgeStacks {
  const { name } = deployment.cloud;
  const mirror = new MirrorStack(scope, mirrorStackName(name), { ...stackProps(deployment), deployment });
  const gcs = gcsStack(scope, gcsStackName(name), deployment);
  for (const stack of [mirror, gcs]) {
    if (stack !== undefined) holdToRules(stack, deployment);
  }
  return { mirror, gcs };
}

function gcsStack(scope: Construct, id: string, deployment: Deployment): GcsStack | undefined {
  const { cloud } = deployment;
  if (cloud.gcs === undefined) return undefined;
  const place = { name: cloud.name, region: cloud.region ?? Aws.REGION };
  return new GcsStack(scope, id, {
    ...stackProps(deployment),
    gcs: cloud.gcs,
    configuration: runtimeConfiguration(deployment),
    noncurrentDays: cloud.retention.noncurrentDays,
    unfinishedUploadDays: cloud.retention.unfinishedUploadDays,
    logRetention: cloud.retention.logDays as RetentionDays,
    roleName: gcsRoleName('buckets', place, cloud.rolePrefix),
    writerRoleName: gcsRoleName('replicate', place, cloud.rolePrefix),
    tags: cloud.tags,
    ...given({ cors: publicMirrorOf(cloud)?.cors }),
  });
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
