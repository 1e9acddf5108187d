import type { FieldIssue } from '../field-issues.ts';
import { accessFindings } from './access-findings.ts';
import type { Deployment } from './deployment.ts';
import { patternsMeet } from './publishers.ts';
import {
  type BucketPurpose,
  bucketName,
  ciRoleName,
  gcsRoleName,
  gcsStackName,
  longestBucketName,
  longestRegion,
  longestRoleName,
} from './resource-names.ts';

type Path = FieldIssue['path'];
type AccessClass = 'public' | 'private';

/** What does not go together in one deployment, though each section is right for itself. */
export function deploymentFindings(deployment: Deployment): FieldIssue[] {
  return [...mirrorFindings(deployment), ...publisherFindings(deployment), ...replicaFindings(deployment)].concat(
    nameFindings(deployment),
    placeFindings(deployment),
    accessFindings(deployment),
  );
}

function finding(path: Path, message: string): FieldIssue {
  return { path, message, at: 'value' };
}

function mirrorsOf({ cloud }: Deployment): AccessClass[] {
  return (['public', 'private'] as const).filter((access) => cloud[access] !== false);
}

function mirrorFindings(deployment: Deployment): FieldIssue[] {
  const { gcs } = deployment.cloud;
  const findings: FieldIssue[] = [];
  const mirrors = mirrorsOf(deployment);
  if (mirrors.length === 0) findings.push(finding(['cloud', 'private'], 'public and private cannot both be false'));
  for (const access of ['public', 'private'] as const) {
    if (gcs?.[access] === undefined || mirrors.includes(access)) continue;
    findings.push(
      finding(['cloud', 'gcs', access], `there is no ${access} mirror to copy from: cloud.${access} is false`),
    );
  }
  if (gcs?.public !== undefined && gcs.public.name === gcs.private?.name) {
    findings.push(finding(['cloud', 'gcs', 'private', 'name'], 'public and private releases never share a bucket'));
  }
  if (gcs?.publicRead === true && gcs.public === undefined) {
    findings.push(finding(['cloud', 'gcs', 'publicRead'], 'needs cloud.gcs.public, the bucket that anybody may read'));
  }
  return findings;
}

function publisherFindings(deployment: Deployment): FieldIssue[] {
  const mirrors = mirrorsOf(deployment);
  return Object.entries(deployment.publishers).flatMap(([name, { access }]) =>
    access.flatMap((one, index) =>
      mirrors.includes(one)
        ? []
        : [finding(['publishers', name, 'access', index], `there is no ${one} mirror: cloud.${one} is off`)],
    ),
  );
}

function replicaFindings(deployment: Deployment): FieldIssue[] {
  const { cloud, replicas } = deployment;
  return replicas.flatMap(({ collections, to }, rule) =>
    to.flatMap((_, index) => {
      const path = ['replicas', rule, 'to', index];
      if (cloud.gcs === undefined) return [finding(path, 'needs cloud.gcs, the mirror in Google Cloud Storage')];
      const { gcs } = cloud;
      const missing = publishedClasses(deployment, collections).filter((access) => gcs[access] === undefined);
      return missing.map((access) =>
        finding(
          path,
          `${access} releases of these collections may be published, and cloud.gcs.${access} names no bucket`,
        ),
      );
    }),
  );
}

/** Access classes that releases of these collections can have: what their publishers may publish. */
function publishedClasses(deployment: Deployment, collections: readonly string[]): AccessClass[] {
  const publishers = Object.values(deployment.publishers).filter((publisher) =>
    publisher.collections.some((one) => collections.some((other) => patternsMeet(one, other))),
  );
  return mirrorsOf(deployment).filter((access) => publishers.some((publisher) => publisher.access.includes(access)));
}

function nameFindings({ cloud, publishers }: Deployment): FieldIssue[] {
  const region = cloud.region ?? longestRegion;
  const place = { name: cloud.name, account: '0'.repeat(12), region };
  const purposes: readonly BucketPurpose[] = ['public', 'private', 'state', 'logs'];
  const bucket = longest(purposes.map((purpose) => bucketName(purpose, place)));
  const findings: FieldIssue[] = [];
  if (bucket.length > longestBucketName) {
    findings.push(finding(['cloud', 'name'], tooLong('bucket', bucket, longestBucketName)));
  }
  // The stacks of a deployment `x` are `x` and `x-gcs`.
  if (cloud.name.endsWith(gcsStackName(''))) {
    const message = `a name that ends in ${gcsStackName('')} is that of another deployment's stack in Google Cloud`;
    findings.push(finding(['cloud', 'name'], message));
  }
  for (const publisher of Object.keys(publishers)) {
    const role = ciRoleName('submit', publisher, place, cloud.rolePrefix);
    if (role.length <= longestRoleName) continue;
    findings.push({ path: ['publishers', publisher], at: 'key', message: tooLong('role', role, longestRoleName) });
  }
  const role = gcsRoleName('publish-replicas', place, cloud.rolePrefix);
  if (cloud.gcs !== undefined && role.length > longestRoleName) {
    findings.push(finding(['cloud', 'name'], tooLong('role', role, longestRoleName)));
  }
  return findings;
}

function longest(names: readonly string[]): string {
  return names.reduce((one, other) => (other.length > one.length ? other : one), '');
}

function tooLong(what: string, name: string, most: number): string {
  return `the name of a ${what} would be ${name.length} characters long, ${most} are allowed: ${name}`;
}

/** Services that serve the whole world keep what they use in one region. */
function placeFindings({ cloud }: Deployment): FieldIssue[] {
  const findings: FieldIssue[] = [];
  const { domain, webAcl } = typeof cloud.public === 'object' ? cloud.public : {};
  for (const [path, arn] of [
    [['domain', 'certificate'], domain?.certificate],
    [['webAcl'], webAcl],
  ] as const) {
    if (arn === undefined || regionOf(arn) === 'us-east-1' || !arn.startsWith('arn:aws:')) continue;
    findings.push(finding(['cloud', 'public', ...path], 'CloudFront takes it from us-east-1 only'));
  }
  if (cloud.region !== undefined && cloud.encryptionKey.startsWith('arn:')) {
    if (regionOf(cloud.encryptionKey) !== cloud.region) {
      findings.push(finding(['cloud', 'encryptionKey'], `a key of another region than ${cloud.region} cannot be used`));
    }
  }
  return findings;
}

function regionOf(arn: string): string | undefined {
  return arn.split(':')[3];
}
