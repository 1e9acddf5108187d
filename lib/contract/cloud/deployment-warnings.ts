import { accessApiOf } from './cloud-configuration.ts';
import type { Deployment } from './deployment.ts';
import { patternsMeet } from './publishers.ts';

/** What may be meant as it is written, but does nothing, or opens something. */
export interface DeploymentWarning {
  /** Stable, so that an app can acknowledge it. */
  readonly id: string;
  readonly message: string;
}

/** What an operator is told at synth; nothing of it stops a deployment. */
export function deploymentWarnings(deployment: Deployment): readonly DeploymentWarning[] {
  return [
    ...originWarnings(deployment),
    ...keyWarnings(deployment),
    ...replicaWarnings(deployment),
    ...existingBucketWarnings(deployment),
    ...policyWarnings(deployment),
  ];
}

function originWarnings({ trustedOrigins }: Deployment): DeploymentWarning[] {
  if (trustedOrigins.length === 0) return [];
  const message =
    `The pipeline may reach ${trustedOrigins.join(', ')} although that is plain http or a private address: ` +
    'trustedOrigins in weighbridge.yaml names it. Take it out unless this deployment is for trying things.';
  return [{ id: 'trusted-origins', message }];
}

/** Of what the key does not admit a deployment tells only the logs; alarms and dead letters would be lost in silence. */
function keyWarnings({ cloud }: Deployment): DeploymentWarning[] {
  if (!cloud.encryptionKey.startsWith('arn:')) return [];
  const message =
    'The policy of the key of cloud.encryptionKey must admit CloudWatch Logs, CloudWatch, EventBridge and, with a public ' +
    'mirror, CloudFront, which no deployment can add to it: docs/deploy.md#a-kms-key-of-your-own has the statements.';
  return [{ id: 'key-of-your-own', message }];
}

function replicaWarnings({ cloud, replicas, publishers }: Deployment): DeploymentWarning[] {
  if (cloud.gcs === undefined) return [];
  const hint = 'replicas in weighbridge.yaml says which collections are copied';
  if (replicas.length === 0) return [{ id: 'no-replicas', message: `Nothing is copied into cloud.gcs: ${hint}.` }];
  const all = Object.values(publishers).flatMap(({ collections }) => collections);
  // Before the first publisher there is nothing to compare with.
  if (all.length === 0) return [];
  const unmet = replicas
    .flatMap(({ collections }) => collections)
    .filter((one) => !all.some((other) => patternsMeet(one, other)));
  if (unmet.length === 0) return [];
  const message = `replicas in weighbridge.yaml names ${unmet.join(', ')}, and no publisher may publish such a collection.`;
  return [{ id: 'replicas-of-nobody', message }];
}

function existingBucketWarnings({ cloud: { gcs } }: Deployment): DeploymentWarning[] {
  if (gcs === undefined) return [];
  const warning = (setting: string) => ({
    id: `existing-bucket-${setting}`,
    message: `cloud.gcs.${setting} changes nothing: of a bucket with existing: true nothing is changed.`,
  });
  const made = [gcs.public, gcs.private].filter((bucket) => bucket?.existing === false);
  return [
    ...(gcs.publicRead && gcs.public?.existing === true ? [warning('publicRead')] : []),
    ...(gcs.deleteBuckets && made.length === 0 ? [warning('deleteBuckets')] : []),
  ];
}

function policyWarnings({ cloud, publishers }: Deployment): DeploymentWarning[] {
  const may = Object.entries(publishers).filter(([, { policy }]) => policy);
  const all = Object.keys(publishers).length;
  if (accessApiOf(cloud) === undefined) {
    return may.map(([name]) => ({
      id: 'policy-without-api',
      message: `publishers.${name}.policy does nothing: there is no access API that goes by a policy.`,
    }));
  }
  // Where nobody asked for the API, and before the first publisher, there is nothing to miss.
  if (cloud.access === undefined || all === 0 || may.length > 0) return [];
  const message =
    'The access API answers nobody: no publisher has policy: true, so that no access policy can be submitted.';
  return [{ id: 'policy-of-nobody', message }];
}
