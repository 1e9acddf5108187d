import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { SourceGrants } from '../contract/cloud/source-grants.ts';
import { acknowledgeWildcard } from './acknowledge.ts';

/**
 * What `sources:` of weighbridge.yaml becomes: exactly the buckets, keys, KMS keys and secrets that it names may be
 * read. Buckets and keys of other accounts must allow it as well, by policies of their own.
 *
 * Listing is not granted, so S3 answers 403 for a key that is not there: the message says that it may be either.
 */
export function grantSources(role: iam.Role, sources: SourceGrants): void {
  sources.buckets.forEach((grant, index) => {
    if (!grant.bucket.startsWith('s3://')) return;
    const objects = grant.keys.map((key) => objectArn(role, grant.bucket.slice('s3://'.length), key));
    role.addToPolicy(
      new iam.PolicyStatement({
        sid: `ReadSource${index}`,
        actions: ['s3:GetObject', 's3:GetObjectVersion'],
        resources: objects,
        // Whoever else may own a bucket of that name some day is not who was meant.
        ...(grant.account === undefined
          ? {}
          : { conditions: { StringEquals: { 'aws:ResourceAccount': grant.account } } }),
      }),
    );
    for (const object of objects) {
      if (object.includes('*')) acknowledgeWildcard(role, object, `sources.buckets[${index}] grants these keys.`);
    }
    if (grant.kmsKey !== undefined) {
      role.addToPolicy(
        new iam.PolicyStatement({
          sid: `DecryptSource${index}`,
          actions: ['kms:Decrypt'],
          resources: [grant.kmsKey],
        }),
      );
    }
  });
  const secrets = secretsOf(sources).map((secret) => secretArn(role, secret));
  if (secrets.length === 0) return;
  role.addToPolicy(
    new iam.PolicyStatement({
      sid: 'ReadTokens',
      actions: ['secretsmanager:GetSecretValue'],
      resources: secrets,
    }),
  );
  for (const secret of secrets) {
    const reason = 'Secrets Manager puts six characters of its own behind the name of a secret.';
    if (secret.endsWith('?')) acknowledgeWildcard(role, secret, reason);
  }
}

/** Names and ARNs, each once. */
function secretsOf({ tokens }: SourceGrants): readonly string[] {
  const all = [tokens.huggingFace, tokens.github, ...tokens.origins];
  return [...new Set(all.flatMap((token) => (token === undefined ? [] : [token.secret])))];
}

function objectArn(role: iam.Role, bucket: string, key: string): string {
  return Stack.of(role).formatArn({ service: 's3', region: '', account: '', resource: bucket, resourceName: key });
}

/** A whole ARN as it is; a name, or an ARN without the six characters, as the ARN of whatever they are. */
function secretArn(role: iam.Role, secret: string): string {
  const suffix = '-??????';
  if (secret.startsWith('arn:')) return /-[A-Za-z0-9]{6}$/.test(secret) ? secret : secret + suffix;
  const stack = Stack.of(role);
  return `arn:${stack.partition}:secretsmanager:${stack.region}:${stack.account}:secret:${secret}${suffix}`;
}
