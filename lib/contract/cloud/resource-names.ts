/** Buckets of a deployment. `logs` exists only where logs are asked for. */
export type BucketPurpose = 'public' | 'private' | 'state' | 'logs';

export interface DeploymentPlace {
  /** `cloud.name` of weighbridge.yaml. */
  readonly name: string;
  /** 12 digits, or a token at synth. */
  readonly account: string;
  readonly region: string;
}

/**
 * Name of a bucket: in the namespace of account and region, where nobody else can take it, and known without asking
 * the stack. https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
 */
export function bucketName(purpose: BucketPurpose, { name, account, region }: DeploymentPlace): string {
  return `${name}-${purpose}-${account}-${region}-an`;
}

/** Stack of everything in AWS. */
export function mirrorStackName(name: string): string {
  return name;
}

/** Stack of the GCS buckets; it may fail and the other one stands. */
export function gcsStackName(name: string): string {
  return `${name}-gcs`;
}

export type CiRole = 'submit' | 'plan';

/** Characters that a name of a bucket and of a role may have; a configuration that would make longer ones is refused. */
export const longestBucketName = 63;
export const longestRoleName = 64;

/** As long as names of regions are, for where it is not known yet. */
export const longestRegion = 'ap-southeast-2';

/**
 * Name of the role that the CI of a publisher takes; the region, since names of roles are of the whole account. Never
 * cut: the region may be a token at synth.
 */
export function ciRoleName(
  role: CiRole,
  publisher: string,
  { name, region }: Omit<DeploymentPlace, 'account'>,
  prefix: string,
): string {
  return `${prefix}${name}-${role}-${publisher}-${region}`;
}

/** Name of the role that principals of another account take to ask the access API. */
export function consumerRoleName(
  account: string,
  { name, region }: Omit<DeploymentPlace, 'account'>,
  prefix: string,
): string {
  return `${prefix}${name}-consumer-${account}-${region}`;
}

/** What roles reach Google for: each has a name of its own there. */
export type GcsPurpose = 'plan' | 'transfer' | 'publish' | 'replicate' | 'publish-replicas' | 'buckets' | 'access';

/** Who looks at and writes what is kept there: the functions that publish and copy. */
export const gcsWriters = ['publish', 'replicate', 'publish-replicas'] as const satisfies readonly GcsPurpose[];

/** Name of a role that reaches Google Cloud: Google's side of the trust names it. */
export function gcsRoleName(
  purpose: GcsPurpose,
  { name, region }: Omit<DeploymentPlace, 'account'>,
  prefix: string,
): string {
  return `${prefix}${name}-gcs-${purpose}-${region}`;
}
