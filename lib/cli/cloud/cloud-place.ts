import type { Deployment } from '../../contract/cloud/deployment.ts';
import { type BucketPurpose, bucketName } from '../../contract/cloud/resource-names.ts';
import { UsageError } from '../../core/errors.ts';
import type { OwnBuckets } from '../../core/pipeline/source-refusal.ts';
import type { CommandContext } from '../command-context.ts';
import { configurationName } from '../configuration.ts';

/** A deployment, and where it is. */
export interface CloudPlace {
  readonly deployment: Deployment;
  /** 12 digits. */
  readonly account: string;
  readonly region: string;
}

/**
 * The deployment that weighbridge.yaml describes, its account and region known.
 * @param environment `--env`
 * @throws UsageError that says what to write where something is missing; InvalidFile.
 */
export async function cloudPlace(context: CommandContext, environment: string | undefined): Promise<CloudPlace> {
  const { file } = context.configuration;
  if (file === undefined) {
    throw new UsageError(`there is no ${configurationName}, which says what is deployed where`, {
      hint: 'Run this inside the repository that it is in, or name it with --config.',
    });
  }
  const { readDeployment } = await import('../load-deployment.ts');
  const deployment = readDeployment(file, { environment, cwd: context.cwd });
  const { account } = deployment.cloud;
  const section = environment === undefined ? 'cloud' : `environments.${environment}.cloud`;
  const env = environment === undefined ? ', or name one of environments: with --env' : '';
  if (account === undefined) {
    throw new UsageError(`${file} does not say in which account the deployment is`, {
      hint: `Write ${section}: { account: "123456789012" }, the one that \`aws sts get-caller-identity\` prints for who deploys${env}.`,
    });
  }
  const region = deployment.cloud.region ?? context.environment.aws.region ?? (await profileRegion(context));
  if (region === undefined) {
    throw new UsageError(`${file} does not say in which region the deployment is`, {
      hint: `Write ${section}: { region: eu-central-1 }, or set AWS_REGION${env}.`,
    });
  }
  return { deployment, account, region };
}

/** URL of a bucket of the deployment. */
export function bucketUrl({ deployment, account, region }: CloudPlace, purpose: BucketPurpose): string {
  return `s3://${bucketName(purpose, { name: deployment.cloud.name, account, region })}`;
}

/** What no manifest may name as a source. */
export function ownBuckets(place: CloudPlace): OwnBuckets {
  const isThere = place.deployment.cloud.private !== false;
  return { state: bucketUrl(place, 'state'), private: isThere ? [bucketUrl(place, 'private')] : [] };
}

async function profileRegion({ environment }: CommandContext): Promise<string | undefined> {
  const { readAwsProfile } = await import('../buckets/aws-profile.ts');
  return (await readAwsProfile(environment.aws.profile)).region;
}
