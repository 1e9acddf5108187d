import { rmSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runtimeConfiguration } from '../../lib/contract/cloud/deployment.ts';
import { gcsBucketProperties, gcsBucketResource } from '../../lib/contract/cloud/gcs-bucket-resource.ts';
import { resolveDeployment } from '../../lib/contract/cloud/resolve-deployment.ts';
import { GcsStack, type GcsStackProps } from '../../lib/infra/gcs-stack.ts';
import { emptyBundles } from './pipeline-stack.ts';

const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/weighbridge/providers/aws';

/** `cloud.gcs` as an operator writes it. */
const written = {
  project: 'my-project',
  location: 'EU',
  public: { name: 'weights-mirror' },
  private: { name: 'our-own', existing: true },
  workloadIdentity: { provider },
};

const bundles = emptyBundles();
afterAll(() => rmSync(bundles, { recursive: true }));

function templateOf(changes: object = {}, props: Partial<GcsStackProps> = {}): Template {
  const deployment = resolveDeployment({ cloud: { gcs: { ...written, ...changes } } } as never);
  const { gcs } = deployment.cloud;
  if (gcs === undefined) throw new Error('there is no gcs');
  const app = new App({ analyticsReporting: false, context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const configuration = runtimeConfiguration(deployment);
  return Template.fromStack(
    new GcsStack(app, 'weighbridge-gcs', {
      env: { account: '111122223333', region: 'eu-central-1' },
      gcs,
      configuration,
      bundles,
      ...props,
    }),
  );
}

/** Properties of the buckets as the function will read them. */
function bucketsOf(template: Template) {
  const resources = Object.values(template.findResources(gcsBucketResource));
  return resources.map(({ Properties, DeletionPolicy }) => {
    const { Writers, ...rest } = Properties as { Writers: unknown };
    return { DeletionPolicy, ...gcsBucketProperties.parse(strings(rest)), Writers };
  });
}

/** As CloudFormation hands them over. */
function strings(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strings);
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, typeof inner === 'object' ? strings(inner) : String(inner)]),
      )
    : String(value);
}

describe('the stack of the mirror in Google Cloud Storage', () => {
  let template: Template;
  beforeAll(() => {
    template = templateOf();
  });

  test('asks for the buckets as weighbridge.yaml wants them, and leaves existing ones alone', () => {
    const [mine, theirs] = bucketsOf(template);
    expect(mine).toMatchObject({
      Name: 'weights-mirror',
      Location: 'EU',
      Existing: false,
      PublicRead: false,
      SoftDeleteDays: 7,
    });
    expect(theirs).toMatchObject({ Name: 'our-own', Existing: true });
  });

  test('knows its buckets from those of deployments of the same name in other accounts and regions', () => {
    for (const { Owner } of bucketsOf(template)) expect(Owner).toBe('weighbridge-111122223333-eu-central-1');
  });

  test('keeps every bucket when it is destroyed, unless weighbridge.yaml wants those deleted that it made', () => {
    expect(bucketsOf(template).map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Retain', 'Retain']);
    const deleting = bucketsOf(templateOf({ deleteBuckets: true }));
    expect(deleting.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(['Delete', 'Retain']);
  });

  test('lets anybody read the public bucket only where that is wanted, and never the private one', () => {
    expect(bucketsOf(templateOf({ publicRead: true })).map(({ PublicRead }) => PublicRead)).toEqual([true, false]);
  });

  test('fails a deployment after minutes, not after an hour', () => {
    template.allResourcesProperties(gcsBucketResource, { ServiceTimeout: '300' });
  });

  test('has a function with the role that the trust names, which may write its log and nothing else', () => {
    template.hasResourceProperties('AWS::IAM::Role', { RoleName: 'weighbridge-gcs-buckets-eu-central-1' });
    template.resourceCountIs('AWS::IAM::Role', 1);
    template.resourceCountIs('AWS::IAM::Policy', 1);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [Match.objectLike({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] })] },
    });
  });

  test('gives objects to the roles that publish and copy, by the pool, or to the service account', () => {
    const [mine] = bucketsOf(template);
    expect(mine?.Writers).toHaveLength(3);
    for (const role of ['publish', 'replicate', 'publish-replicas']) {
      expect(JSON.stringify(mine?.Writers)).toContain(`assumed-role/weighbridge-gcs-${role}-eu-central-1"`);
    }
    expect(JSON.stringify(mine?.Writers)).toContain('principalSet://iam.googleapis.com/projects/12/');
    expect(JSON.stringify(mine?.Writers)).not.toContain('arn:aws:');
    const account = { provider, serviceAccount: 'mirror@my-project.iam.gserviceaccount.com' };
    const [first] = bucketsOf(templateOf({ workloadIdentity: account }));
    expect(first?.Writers).toEqual(['serviceAccount:mirror@my-project.iam.gserviceaccount.com']);
  });

  test('makes labels of tags', () => {
    const [first] = bucketsOf(templateOf({}, { tags: { CostCentre: 'A 1' } }));
    expect(first?.Labels).toEqual(['costcentre=a_1']);
  });
});
