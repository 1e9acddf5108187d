import { CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { GcsSettings } from '../contract/cloud/cloud-configuration.ts';
import type { RuntimeConfiguration } from '../contract/cloud/deployment.ts';
import { federatedMember, gcsBucketResource, labelOf } from '../contract/cloud/gcs-bucket-resource.ts';
import { gcsRoleName, gcsWriters } from '../contract/cloud/resource-names.ts';
import { HandlerFunction } from './handler-function.ts';

export interface GcsMirrorProps {
  /** `cloud.gcs` of weighbridge.yaml. */
  readonly gcs: GcsSettings;
  /** What the function reads of weighbridge.yaml. */
  readonly configuration: RuntimeConfiguration;
  /** Name of the role that the buckets are made with: the trust on Google's side names it. @default - gcsRoleName() */
  readonly roleName?: string;
  /** Names of the roles that look at them and copy into them. @default - gcsRoleName() of gcsWriters */
  readonly writerRoleNames?: readonly string[];
  /** Days that replaced and deleted versions of objects are kept. @default 90 */
  readonly noncurrentDays?: number;
  /** Days after which an unfinished upload is ended. @default 14 */
  readonly unfinishedUploadDays?: number;
  /** Origins whose pages may read the public bucket. @default - any */
  readonly cors?: readonly string[];
  /** Tags of AWS, made into labels of Google. @default - none */
  readonly tags?: Readonly<Record<string, string>>;
  /** @default logs.RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays;
  /** Encrypts the function's logs. @default - a key of CloudWatch */
  readonly encryptionKey?: IKey;
  /** @default lambda.Architecture.ARM_64 */
  readonly architecture?: lambda.Architecture;
  /** Folder of the built bundles. @default - that of this package */
  readonly bundles?: string;
}

/** The mirror's access classes that have a bucket there. */
type Access = 'public' | 'private';

/**
 * The buckets of the mirror in Google Cloud Storage: made, and kept as they are wanted, by a custom resource whose role
 * takes a Google identity by workload identity federation. No key is anywhere. Buckets stay when the stack goes, unless
 * `deleteBuckets` says otherwise; then empty ones are deleted.
 */
export class GcsMirror extends Construct {
  /** Makes the buckets; its role has no rights in AWS but to write its log. */
  readonly handler: HandlerFunction;
  /** `gs://name` by access class. */
  readonly urls: Readonly<Partial<Record<Access, string>>>;

  constructor(scope: Construct, id: string, props: GcsMirrorProps) {
    super(scope, id);
    const { gcs, configuration } = props;
    const { region, account } = Stack.of(this);
    // Deployments of one name in other accounts and regions are others: none takes a bucket of another for its own.
    const owner = [configuration.name, account, region].join('-');
    const place = { name: configuration.name, region };
    this.handler = new HandlerFunction(this, 'Handler', {
      handler: 'gcs-bucket',
      description: 'Makes the buckets of the mirror in Google Cloud Storage',
      configuration,
      memory: 512,
      timeout: Duration.minutes(2),
      roleName: props.roleName ?? gcsRoleName('buckets', place, ''),
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
      ...(props.architecture === undefined ? {} : { architecture: props.architecture }),
      ...(props.bundles === undefined ? {} : { bundles: props.bundles }),
    });
    const writers = props.writerRoleNames ?? gcsWriters.map((purpose) => gcsRoleName(purpose, place, ''));
    const urls: Partial<Record<Access, string>> = {};
    for (const access of ['public', 'private'] as const) {
      const bucket = gcs[access];
      if (bucket === undefined) continue;
      urls[access] = `gs://${bucket.name}`;
      new CustomResource(this, access === 'public' ? 'PublicBucket' : 'PrivateBucket', {
        resourceType: gcsBucketResource,
        serviceToken: this.handler.function.functionArn,
        // The default is an hour, for which a deployment would hang.
        serviceTimeout: Duration.minutes(5),
        removalPolicy: gcs.deleteBuckets && !bucket.existing ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
        properties: {
          Name: bucket.name,
          Project: gcs.project,
          Location: gcs.location,
          Existing: bucket.existing,
          StorageClass: gcs.storageClass,
          PublicRead: access === 'public' && gcs.publicRead,
          NoncurrentDays: props.noncurrentDays ?? 90,
          UnfinishedUploadDays: props.unfinishedUploadDays ?? 14,
          SoftDeleteDays: gcs.softDeleteDays,
          Cors: props.cors ?? ['*'],
          Labels: Object.entries(props.tags ?? {}).map(([key, value]) => labelOf(key, value).join('=')),
          Owner: owner,
          Writers: this.#members(gcs, writers),
        },
      });
    }
    this.urls = urls;
  }

  /** Who may write objects, as Google's policies name it. */
  #members({ workloadIdentity }: GcsSettings, roleNames: readonly string[]): readonly string[] {
    const { provider, serviceAccount } = workloadIdentity;
    if (serviceAccount !== undefined) return [`serviceAccount:${serviceAccount}`];
    const { partition, account } = Stack.of(this);
    return roleNames.map((name) => federatedMember(provider, `arn:${partition}:sts::${account}:assumed-role/${name}`));
  }
}
