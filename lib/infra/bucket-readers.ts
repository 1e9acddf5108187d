import { Stack } from 'aws-cdk-lib';
import { AccountPrincipal, AnyPrincipal, ArnPrincipal, type IPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';

/** Who may list and read a bucket directly, by `s3://` and their own credentials. Each is enough by itself. */
export interface BucketReaders {
  /**
   * ARNs of roles and users, or account ids of 12 digits. Principals of other accounts need a policy of their own
   * account besides.
   *
   * @default - none
   */
  readonly principals?: readonly string[];
  /**
   * Id of an organisation, `o-…`: every principal of its accounts (aws:PrincipalOrgID).
   *
   * @default - none
   */
  readonly organisation?: string;
  /**
   * Id of an S3 gateway endpoint, `vpce-…`: everybody who comes through it (aws:SourceVpce). Where the bucket has a KMS
   * key they need credentials that may decrypt with it.
   *
   * @default - none
   */
  readonly vpcEndpoint?: string;
}

interface Reader {
  readonly sid: string;
  readonly principals: readonly IPrincipal[];
  readonly conditions: Readonly<Record<string, Record<string, unknown>>>;
  /** May the key's policy name it? S3 asks KMS for the reader, but not from the reader's network. */
  readonly asksKms: boolean;
}

/** Lets readers in by the policies of the bucket and, where there is one, of its key. */
export function admitReaders(bucket: Bucket, readers: BucketReaders): void {
  const { region, urlSuffix } = Stack.of(bucket);
  const viaS3 = `s3.${region}.${urlSuffix}`;
  for (const { sid, principals, conditions, asksKms } of readersOf(readers)) {
    const common = { principals: [...principals], conditions };
    bucket.addToResourcePolicy(
      new PolicyStatement({
        ...common,
        sid: `List${sid}`,
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
      }),
    );
    bucket.addToResourcePolicy(
      new PolicyStatement({
        ...common,
        sid: `Read${sid}`,
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: [bucket.arnForObjects('*')],
      }),
    );
    if (!asksKms) continue;
    bucket.encryptionKey?.addToResourcePolicy(
      new PolicyStatement({
        principals: [...principals],
        actions: ['kms:Decrypt'],
        resources: ['*'],
        conditions: {
          ...conditions,
          StringEquals: { ...conditions.StringEquals, 'kms:ViaService': viaS3 },
        },
      }),
    );
  }
}

function readersOf({ principals = [], organisation, vpcEndpoint }: BucketReaders): readonly Reader[] {
  const named = principals.map((each) =>
    /^[0-9]{12}$/.test(each) ? new AccountPrincipal(each) : new ArnPrincipal(each),
  );
  const anybody = [new AnyPrincipal()];
  const readers: Reader[] = [];
  if (named.length > 0) readers.push({ sid: 'ByPrincipals', principals: named, conditions: {}, asksKms: true });
  if (organisation !== undefined) {
    const conditions = { StringEquals: { 'aws:PrincipalOrgID': organisation } };
    readers.push({ sid: 'ByOrganisation', principals: anybody, conditions, asksKms: true });
  }
  if (vpcEndpoint !== undefined) {
    const conditions = { StringEquals: { 'aws:SourceVpce': vpcEndpoint } };
    readers.push({ sid: 'ByVpcEndpoint', principals: anybody, conditions, asksKms: false });
  }
  return readers;
}
