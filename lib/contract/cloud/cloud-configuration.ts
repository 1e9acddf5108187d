import { z } from 'zod';

/** How names of stacks, buckets and roles begin: with account and region behind it a bucket name has 63 characters at most. */
const deploymentName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,19}(?<!-)$/, 'expected 2 to 20 small letters, digits and hyphens, beginning with a letter');

export const accountId = z.string().regex(/^[0-9]{12}$/, 'expected an account id: 12 digits, in quotes');

export const region = z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-[0-9]$/, 'expected a region, such as eu-central-1');

export const arn = z.string().regex(/^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:.+$/, 'expected an ARN');

export const kmsKeyArn = z
  .string()
  .regex(
    /^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/,
    'expected the ARN of a KMS key: arn:aws:kms:REGION:ACCOUNT:key/ID',
  );

const origin = z
  .string()
  .regex(/^(?:\*|https:\/\/[^/?#\s]+)$/, 'expected an origin, such as https://example.org, or *');

const hostName = z.string().regex(/^(?:[a-z0-9-]+\.)+[a-z]{2,}$/, 'expected a host name, such as weights.example.org');

const readers = z
  .strictObject({
    principals: z
      .array(z.union([arn, accountId]))
      .default([])
      .describe('Accounts, roles and users, by ARN or account id.'),
    organisation: z
      .string()
      .regex(/^o-[a-z0-9]{10,32}$/, 'expected an organisation id: o-…')
      .optional()
      .describe('Every principal of the accounts of this organisation, by its id.'),
    vpcEndpoint: z
      .string()
      .regex(/^vpce-[0-9a-f]+$/, 'expected vpce-…')
      .optional()
      .describe('Everybody who comes through this S3 gateway endpoint.'),
  })
  .describe('Who may read objects directly, by s3:// and their own credentials.');

const bucketSettings = {
  readers: readers.optional(),
  accessLogs: z.boolean().default(false).describe('S3 server access logs into a bucket of their own.'),
};

const publicMirror = z.strictObject({
  ...bucketSettings,
  domain: z
    .strictObject({
      name: hostName.describe('The host name; its DNS record is yours to make.'),
      certificate: arn.describe('ARN of an ACM certificate in us-east-1.'),
    })
    .optional()
    .describe('A host name of your own in front of the mirror; without it CloudFront gives one.'),
  webAcl: arn.optional().describe('ARN of a WAF web ACL (scope CLOUDFRONT, in us-east-1).'),
  cors: z.array(origin).default(['*']).describe('Origins whose pages may read the mirror.'),
  cdnLogs: z.boolean().default(false).describe('CloudFront access logs into a bucket of their own.'),
  priceClass: z.enum(['100', '200', 'all']).default('100').describe('Which of the edge locations serve it.'),
});

const privateMirror = z.strictObject(bucketSettings);

const accessApi = z.strictObject({
  consumerAccounts: z
    .array(accountId)
    .default([])
    .describe('Other accounts of AWS whose roles may ask: for each a role is made that they take.'),
  cors: z.array(origin).default([]).describe('Origins whose pages may ask; without it none.'),
  throttle: z
    .strictObject({
      rate: z
        .int()
        .min(1)
        .max(10_000)
        .default(50)
        .describe('Requests a second, of all callers together: below /v1 and below /iam/v1 each.'),
      burst: z.int().min(1).max(5000).default(100).describe('Requests at once.'),
    })
    .prefault({})
    .describe('Above this requests are answered 429.'),
  domain: z
    .strictObject({
      name: hostName.describe('The host name; its DNS record is yours to make.'),
      certificate: arn.describe('ARN of an ACM certificate in the region of the deployment.'),
      defaultEndpoint: z
        .boolean()
        .default(false)
        .describe('Answer under the name that AWS gives as well, such as while clients change over.'),
    })
    .optional()
    .describe('A host name of your own in front of the API; without it AWS gives one.'),
  deniedAlarm: z.int().min(1).default(50).describe('Refusals in five minutes at which the alarm goes off.'),
  memory: z.int().min(256).max(3008).default(1024).describe('MiB of the function that answers.'),
});

const days = z.int().min(1).max(36_500);

const retention = z.strictObject({
  noncurrentDays: days.default(90).describe('Days that replaced and deleted versions of objects are kept.'),
  unfinishedUploadDays: days
    .min(8)
    .default(14)
    .describe('Days after which an unfinished upload is ended; longer than any run is resumed.'),
  stateDays: days.min(15).default(60).describe('Days that submissions, checkpoints, reports and inbox are kept.'),
  logDays: z
    .union(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653].map(
        (n) => z.literal(n),
      ),
    )
    .default(90)
    .describe('Days that logs are kept; the values that CloudWatch knows.'),
});

const pipeline = z.strictObject({
  memory: z.int().min(512).max(10_240).default(3008).describe('MiB of each function that moves bytes.'),
  timeoutSeconds: z.int().min(10).max(900).default(900).describe('Seconds of one pass; then the next one continues.'),
  concurrency: z.int().min(1).max(1000).default(8).describe('Artifacts or batches at the same time, per run.'),
  perUpstream: z
    .int()
    .min(1)
    .max(1000)
    .default(4)
    .describe('Passes that read from one host at the same time, over all runs.'),
});

/** A GCS bucket: made by the deployment, or there already. */
const gcsBucket = z.strictObject({
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/,
      'expected the name of a bucket: 3 to 63 small letters, digits, hyphens, dots and underscores',
    )
    .describe('Names of buckets are of the whole world.'),
  existing: z.boolean().default(false).describe('It is there already; nothing of it is changed.'),
});

const gcs = z.strictObject({
  project: z
    .string()
    .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'expected a project id')
    .describe('Id of the project.'),
  location: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, 'expected a location, such as EU or europe-west3')
    .default('US')
    .describe('Of the buckets: a region, a dual-region or a multi-region.'),
  public: gcsBucket.optional().describe('The bucket for public releases.'),
  private: gcsBucket.optional().describe('The bucket for private releases.'),
  workloadIdentity: z
    .strictObject({
      provider: z
        .string()
        .regex(
          /^\/\/iam\.googleapis\.com\/projects\/[0-9]+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/providers\/[a-z0-9-]+$/,
          'expected //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
        )
        .describe('Full name of the provider of the pool.'),
      serviceAccount: z
        .email('expected the address of a service account')
        .optional()
        .describe('Impersonated; without it the federated identity is used as it is.'),
    })
    .describe('The trust between the AWS roles and Google Cloud; docs/gcp.md says how to set it up.'),
  publicRead: z
    .boolean()
    .default(false)
    .describe('May anybody read the public bucket? Each download from there is paid for.'),
  softDeleteDays: z
    .int()
    .min(0)
    .max(90)
    .default(7)
    .describe('Days that deleted objects can be brought back, and are paid for.'),
  deleteBuckets: z
    .boolean()
    .default(false)
    .describe('Delete the buckets, if they are empty, when the stack is destroyed.'),
  storageClass: z.enum(['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE']).default('STANDARD').describe('Of new objects.'),
  endpoint: z.url().optional().describe('Another server than that of Google, such as an emulator.'),
  tokenEndpoint: z.url().optional().describe('Another token service than that of Google, such as an emulator.'),
});

const observability = z.strictObject({
  dashboard: z
    .boolean()
    .default(true)
    .describe('One CloudWatch dashboard: 3 USD a month beyond the first three of an account.'),
  alarms: z.boolean().default(true).describe('CloudWatch alarms: 0.10 USD a month each.'),
  metrics: z.boolean().default(true).describe('Metrics of runs, written with the logs: 0.30 USD a month each.'),
  notify: z.array(z.email()).default([]).describe('Addresses that are told of failed runs and alarms.'),
  statusPage: z
    .boolean()
    .default(true)
    .describe('`_weighbridge/status.json` in the public mirror, without private names.'),
});

const tagValue = z.string().max(256);

/** `cloud:` of weighbridge.yaml: what `cdk deploy` makes. */
export const cloudSchema = z.strictObject({
  name: deploymentName.default('weighbridge').describe('What stacks, buckets and roles are named after.'),
  account: accountId.optional().describe('Without it the account of the credentials that deploy.'),
  region: region.optional().describe('Without it the region of the credentials that deploy.'),
  public: z
    .union([publicMirror, z.boolean()])
    .default(true)
    .describe('The public mirror, behind CloudFront; false: none.'),
  private: z.union([privateMirror, z.boolean()]).default(true).describe('The private mirror; false: none.'),
  access: z
    .union([accessApi, z.boolean()])
    .optional()
    .describe('The API that gives out private releases; without it there is one where private is on. false: none.'),
  encryptionKey: z
    .union([z.literal('managed'), z.literal('create'), kmsKeyArn])
    .default('managed')
    .describe('managed: keys of S3. create: one KMS key for everything in the stack of AWS. Or the ARN of a KMS key.'),
  retention: retention.prefault({}).describe('How long what is kept no more is kept.'),
  pipeline: pipeline.prefault({}).describe('How much is done at the same time, and with what.'),
  gcs: gcs.optional().describe('A mirror in Google Cloud Storage.'),
  observability: observability.prefault({}).describe('What tells people how runs are doing.'),
  oidc: z
    .strictObject({
      github: z.enum(['existing', 'create']).default('existing').describe('That of GitHub.'),
      gitlab: z.enum(['existing', 'create']).default('existing').describe('That of GitLab, at each server named.'),
    })
    .prefault({})
    .describe('The identity providers of the CI systems: one of a kind exists per account, so create only the first.'),
  tags: z
    .record(z.string().min(1).max(128), tagValue)
    .default({})
    .describe('On every resource that takes tags, also labels in Google Cloud.'),
  permissionsBoundary: z.string().min(1).optional().describe('Name or ARN of a policy, on every role.'),
  rolePath: z
    .string()
    .regex(/^\/(?:[\w+=,.@-]+\/)*$/, 'expected a path, such as /weights/')
    .default('/')
    .describe('Path of every role.'),
  rolePrefix: z
    .string()
    .regex(/^[\w+=,.@-]{0,20}$/, 'expected up to 20 letters, digits and + = , . @ -')
    .default('')
    .describe('What the name of every role begins with.'),
  bootstrapQualifier: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,10}$/, 'expected the qualifier of `cdk bootstrap`')
    .optional()
    .describe('Of `cdk bootstrap --qualifier`, where it is not that of the CDK.'),
});

/** `cloud:` with its defaults filled in. */
export type CloudSettings = z.infer<typeof cloudSchema>;
export type GcsSettings = z.infer<typeof gcs>;
export type ReaderSettings = z.infer<typeof readers>;

export type PublicMirrorSettings = z.infer<typeof publicMirror>;
export type PrivateMirrorSettings = z.infer<typeof privateMirror>;

export type AccessSettings = z.infer<typeof accessApi>;

/** Settings of the public mirror; undefined where there is none. */
export function publicMirrorOf(cloud: CloudSettings): PublicMirrorSettings | undefined {
  return typeof cloud.public === 'object' ? cloud.public : cloud.public ? publicMirror.parse({}) : undefined;
}

/** Settings of the private mirror; undefined where there is none. */
export function privateMirrorOf(cloud: CloudSettings): PrivateMirrorSettings | undefined {
  return typeof cloud.private === 'object' ? cloud.private : cloud.private ? privateMirror.parse({}) : undefined;
}

/** Settings of the access API; undefined where there is none. */
export function accessApiOf(cloud: CloudSettings): AccessSettings | undefined {
  if (privateMirrorOf(cloud) === undefined || cloud.access === false) return undefined;
  return typeof cloud.access === 'object' ? cloud.access : accessApi.parse({});
}
