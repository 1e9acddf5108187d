import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { artifactKey, notesKey, objectsKey, registryKey } from '../contract/keys.ts';
import { grantOnBucket } from './bucket-grant.ts';
import { releaseObjects } from './grant-passes.ts';

/** No URL promises more; no session that signs one lives longer, since a function took the role. */
export const longestSession = Duration.hours(1);

/** What the access API says releases are, and which version of an object is meant. Of artifacts it reads nothing. */
const recordsBelow = (folder: string) => [
  artifactKey(folder, '*', 'release.json'),
  notesKey(folder, '*'),
  objectsKey(folder, '*'),
];

/** Lets the function of the access API read the registry and the records of each release that it answers from. */
export function grantReadRecords(mirror: IBucket, api: iam.IGrantable): void {
  grantOnBucket(mirror, api, {
    // Without it S3 answers 403 for a registry that is not there yet.
    bucket: ['s3:ListBucket'],
    objects: [{ actions: ['s3:GetObject'], keys: [registryKey, ...recordsBelow('*')] }],
    kms: ['kms:Decrypt'],
    reason: 'Releases are not known when the role is made; of each its records, by their exact names.',
  });
  // A star of IAM goes over slashes, and an artifact in a folder may be called release.json too, one level down.
  const deeper = recordsBelow('*/*').map((key) => mirror.arnForObjects(key));
  api.grantPrincipal.addToPrincipalPolicy(
    new iam.PolicyStatement({ effect: iam.Effect.DENY, actions: ['s3:GetObject'], resources: deeper }),
  );
}

/**
 * What a URL of the access API allows whoever has it: a GET of one version of one object of a release. Records lie
 * beside the artifacts, and their names are no pattern that an artifact in a folder could not have; so the API keeps
 * from signing them, not this role. The registry is in no release.
 */
export function grantSign(mirror: IBucket, signer: iam.Role): void {
  grantOnBucket(mirror, signer, {
    objects: [{ actions: ['s3:GetObjectVersion'], keys: [releaseObjects] }],
    kms: ['kms:Decrypt'],
    reason: 'Releases are not known when the role is made; which object a URL is of, its signature says.',
  });
  refuseOldSignatures(mirror, signer);
}

/**
 * A second lock beside the expiry that a URL names itself. For the signer alone: a denial for everybody would meet the
 * origin access control of CloudFront, and transfers that took long to begin.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
 */
function refuseOldSignatures(mirror: IBucket, signer: iam.Role): void {
  mirror.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'RefuseOldSignatures',
      effect: iam.Effect.DENY,
      principals: [new iam.ArnPrincipal(signer.roleArn)],
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      resources: [mirror.arnForObjects('*')],
      // In milliseconds.
      conditions: { NumericGreaterThan: { 's3:signatureAge': String(longestSession.toMilliseconds()) } },
    }),
  );
}
