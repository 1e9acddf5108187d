import type { BucketGrant } from '../../contract/cloud/source-grants.ts';
import type { CloudPlace } from '../cloud/cloud-place.ts';
import { partitionOf } from './check-deployment.ts';

/** A policy statement that somebody else has to add. */
export interface ForeignPolicy {
  /** Whose policy: `s3://bucket` or the ARN of a key. */
  readonly of: string;
  /** 12 digits; undefined where weighbridge.yaml does not say. */
  readonly account: string | undefined;
  readonly statement: Readonly<Record<string, unknown>>;
}

/**
 * What owners of source buckets in other accounts, and of their keys, must allow: the roles of the pipeline alone. They
 * are named by a pattern, since CloudFormation makes their names.
 */
export function foreignPolicies({ deployment, account, region }: CloudPlace): readonly ForeignPolicy[] {
  const partition = partitionOf(region);
  const { name, rolePath, rolePrefix } = deployment.cloud;
  const admitted = {
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Condition: {
      ArnLike: { 'aws:PrincipalArn': `arn:${partition}:iam::${account}:role${rolePath}${rolePrefix}${name}*` },
    },
  };
  return deployment.sources.buckets.flatMap((grant): ForeignPolicy[] => {
    if (!grant.bucket.startsWith('s3://')) return [];
    const foreignBucket = grant.account !== undefined && grant.account !== account;
    const keyAccount = grant.kmsKey?.split(':')[4];
    return [
      ...(foreignBucket
        ? [{ of: grant.bucket, account: grant.account, statement: bucketStatement(grant, partition, admitted) }]
        : []),
      ...(grant.kmsKey !== undefined && keyAccount !== account
        ? [{ of: grant.kmsKey, account: keyAccount, statement: keyStatement(admitted) }]
        : []),
    ];
  });
}

type Admitted = Readonly<Record<'Principal' | 'Condition', unknown>>;

function bucketStatement({ bucket, keys }: BucketGrant, partition: string, { Principal, Condition }: Admitted) {
  return {
    Sid: 'WeighbridgeReads',
    Effect: 'Allow',
    Principal,
    Action: ['s3:GetObject', 's3:GetObjectVersion'],
    Resource: keys.map((key) => `arn:${partition}:s3:::${bucket.slice('s3://'.length)}/${key}`),
    Condition,
  };
}

function keyStatement({ Principal, Condition }: Admitted) {
  return { Sid: 'WeighbridgeDecrypts', Effect: 'Allow', Principal, Action: 'kms:Decrypt', Resource: '*', Condition };
}
