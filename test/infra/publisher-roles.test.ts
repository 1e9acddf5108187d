import { Duration } from 'aws-cdk-lib';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { publishersSchema } from '../../lib/contract/cloud/publishers.ts';
import { PublisherRoles, type PublisherRolesProps, type SubmissionTarget } from '../../lib/infra/publisher-roles.ts';
import { StateBucket } from '../../lib/infra/state-bucket.ts';
import { checkedStack } from './checked-stack.ts';
import { allows, resourcesOf, roleNamed, type Statement, written } from './policies.ts';

const collections = ['*'];
const github = { owner: 'acme', repository: 'models' };
const numbered = { ...github, ownerId: '11', repositoryId: '22' };
const gitlab = { project: 'acme/models' };
const people = 'arn:aws:iam::111122223333:role/researchers';

/** Only who was granted what is asked here; the statements themselves are the state bucket's. */
function recorder(): SubmissionTarget & { readonly granted: Map<string, string> } {
  const granted = new Map<string, string>();
  return {
    granted,
    grantSubmit(to, publisher) {
      granted.set(publisher, (to as iam.Role).node.path);
      to.grantPrincipal.addToPrincipalPolicy(
        new iam.PolicyStatement({ actions: ['s3:PutObject'], resources: [`arn:aws:s3:::state/${publisher}`] }),
      );
    },
  };
}

function make(publishers: Record<string, unknown>, more: Partial<PublisherRolesProps> = {}) {
  const { stack, template } = checkedStack();
  const submissions = recorder();
  const key = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-central-1:111122223333:key/k');
  const roles = new PublisherRoles(stack, 'Publishers', {
    publishers: publishersSchema.parse(publishers),
    submissions,
    mirrors: [
      { access: 'public', bucket: s3.Bucket.fromBucketName(stack, 'Public', 'open') },
      {
        access: 'private',
        bucket: s3.Bucket.fromBucketAttributes(stack, 'Private', { bucketName: 'closed', encryptionKey: key }),
      },
    ],
    deploymentName: 'weighbridge',
    ...more,
  });
  return { stack, template, submissions, roles };
}

const claim = (name: string) => `token.actions.githubusercontent.com:${name}`;
const object = (bucket: string, key: string) => `arn:<AWS::Partition>:s3:::${bucket}/${key}`;

describe('the roles of publishers', () => {
  let template: Template;
  let made: ReturnType<typeof make>;

  beforeAll(() => {
    made = make({
      hub: { github: numbered, collections },
      old: { github, collections, access: ['public'] },
      gated: { github: { ...github, environment: 'release: eu' }, collections },
      lab: { gitlab, collections },
      own: { gitlab: { ...gitlab, url: 'https://git.example.org/', branch: 'releases/v1' }, collections },
      team: { principals: [people], collections },
    });
    template = made.template();
  });

  const conditionsOf = (role: string) => roleNamed(template, role).trust[0]?.Condition;

  it('submit: exactly the release branch of exactly this repository, in both forms that GitHub writes', () => {
    expect(conditionsOf('weighbridge-submit-hub-')).toEqual({
      StringEquals: {
        [claim('aud')]: 'sts.amazonaws.com',
        [claim('sub')]: ['repo:acme/models:ref:refs/heads/main', 'repo:acme@11/models@22:ref:refs/heads/main'],
        [claim('repository_id')]: '22',
        [claim('repository_owner_id')]: '11',
      },
    });
  });

  it('plan: pull requests of exactly this repository', () => {
    expect(conditionsOf('weighbridge-plan-hub-')).toEqual({
      StringEquals: {
        [claim('aud')]: 'sts.amazonaws.com',
        [claim('sub')]: ['repo:acme/models:pull_request', 'repo:acme@11/models@22:pull_request'],
        [claim('repository_id')]: '22',
        [claim('repository_owner_id')]: '11',
      },
    });
  });

  it('without numbers only the older form is trusted, and synth says what that means', () => {
    expect(conditionsOf('weighbridge-submit-old-')).toEqual({
      StringEquals: {
        [claim('aud')]: 'sts.amazonaws.com',
        [claim('sub')]: ['repo:acme/models:ref:refs/heads/main'],
      },
    });
    const warned = Annotations.fromStack(made.stack).findWarning('*', Match.stringLikeRegexp('ownerId'));
    expect(warned.map(({ id }) => id)).toEqual(['/Stack/Publishers/old', '/Stack/Publishers/gated']);
  });

  it('an environment, its colons written as GitHub writes them, is entered from the release branch alone', () => {
    expect(conditionsOf('weighbridge-submit-gated-')).toEqual({
      StringEquals: {
        [claim('aud')]: 'sts.amazonaws.com',
        [claim('sub')]: ['repo:acme/models:environment:release%3A eu'],
        [claim('ref')]: 'refs/heads/main',
      },
    });
    expect(conditionsOf('weighbridge-plan-gated-')).toMatchObject({
      StringEquals: { [claim('sub')]: ['repo:acme/models:pull_request'] },
    });
  });

  it('GitLab: the release branch submits, the branches of the same project alone plan', () => {
    const branches = 'project_path:acme/models:ref_type:branch:ref:';
    expect(conditionsOf('weighbridge-submit-lab-')).toEqual({
      StringEquals: { 'gitlab.com:aud': 'https://gitlab.com', 'gitlab.com:sub': `${branches}main` },
    });
    expect(conditionsOf('weighbridge-plan-lab-')).toEqual({
      StringEquals: { 'gitlab.com:aud': 'https://gitlab.com' },
      StringLike: { 'gitlab.com:sub': `${branches}*` },
    });
  });

  it('a GitLab server of one’s own is another provider', () => {
    expect(conditionsOf('weighbridge-submit-own-')).toEqual({
      StringEquals: {
        'git.example.org:aud': 'https://git.example.org',
        'git.example.org:sub': 'project_path:acme/models:ref_type:branch:ref:releases/v1',
      },
    });
  });

  it('providers that exist are named by a computed ARN, without a literal partition', () => {
    const provider = (role: string) => written(roleNamed(template, role).trust[0]?.Principal?.Federated);
    const arn = 'arn:<AWS::Partition>:iam::<AWS::AccountId>:oidc-provider';
    expect(provider('weighbridge-submit-hub-')).toBe(`${arn}/token.actions.githubusercontent.com`);
    expect(provider('weighbridge-plan-lab-')).toBe(`${arn}/gitlab.com`);
    expect(provider('weighbridge-plan-own-')).toBe(`${arn}/git.example.org`);
    template.resourceCountIs('AWS::IAM::OIDCProvider', 0);
  });

  it('nobody’s submit is open to a pattern, or to anybody who only has some token of the provider', () => {
    const roles = [...resourcesOf(template, 'AWS::IAM::Role').values()];
    expect(roles).toHaveLength(11);
    for (const { Properties } of roles) {
      const name = written(Properties.RoleName);
      const trust = Properties.AssumeRolePolicyDocument as {
        Statement: { Action: string; Condition?: Record<string, Record<string, unknown>> }[];
      };
      const [only, ...more] = trust.Statement;
      expect(more, name).toEqual([]);
      if (only?.Action === 'sts:AssumeRole') continue;
      const equals = only?.Condition?.StringEquals ?? {};
      const isPlanOfGitLab = /-plan-(lab|own)-/.test(name);
      expect(JSON.stringify(only?.Condition).includes('*'), name).toBe(isPlanOfGitLab);
      expect(
        Object.keys(equals).some((key) => key.endsWith(':aud')),
        name,
      ).toBe(true);
      expect(
        Object.keys(equals).some((key) => key.endsWith(':sub')),
        name,
      ).toBe(!isPlanOfGitLab);
    }
  });

  it('people take the role of their publisher, which has no plan', () => {
    const { trust } = roleNamed(template, 'weighbridge-submit-team-');
    expect(trust).toMatchObject([{ Action: 'sts:AssumeRole', Principal: { AWS: people } }]);
    expect(() => roleNamed(template, 'weighbridge-plan-team-')).toThrow('no role');
    expect(made.roles.roles.get('team')?.plan).toBeUndefined();
  });

  it('each submit is granted as its own publisher, and has nothing else', () => {
    expect([...made.submissions.granted]).toEqual(
      ['hub', 'old', 'gated', 'lab', 'own', 'team'].map((name) => [name, `Stack/Publishers/${name}/Submit`]),
    );
    expect(roleNamed(template, 'weighbridge-submit-hub-').statements).toEqual([
      { effect: 'Allow', actions: ['s3:PutObject'], resources: ['arn:aws:s3:::state/hub'] },
    ]);
  });

  it('plan, statement by statement', () => {
    const list = (name: string) => ({
      effect: 'Allow',
      actions: ['s3:ListBucket'],
      resources: [`arn:<AWS::Partition>:s3:::${name}`],
    });
    const read = (name: string) => ({
      effect: 'Allow',
      actions: ['s3:GetObject'],
      resources: ['registry.json', '*/*/SHA256SUMS', '*/*/release.json', '*/*/objects.json'].map((key) =>
        object(name, key),
      ),
    });
    const deeper = (name: string) => ({
      effect: 'Deny',
      actions: ['s3:GetObject'],
      resources: ['*/*/*/SHA256SUMS', '*/*/*/release.json', '*/*/*/objects.json'].map((key) => object(name, key)),
    });
    const decrypt = {
      effect: 'Allow',
      actions: ['kms:Decrypt'],
      resources: ['arn:aws:kms:eu-central-1:111122223333:key/k'],
    };
    const ofOpen = [list('open'), read('open'), deeper('open')];
    const ofClosed = [list('closed'), read('closed'), decrypt, deeper('closed')];
    expect(roleNamed(template, 'weighbridge-plan-hub-').statements).toEqual([...ofOpen, ...ofClosed]);
    expect(roleNamed(template, 'weighbridge-plan-old-').statements).toEqual(ofOpen);
  });

  it.each([
    ['registry.json', true],
    ['falcon/1.0.0/release.json', true],
    ['falcon/1.0.0/objects.json', true],
    ['falcon/1.0.0/SHA256SUMS', true],
    ['falcon/1.0.0/model.safetensors', false],
    ['falcon/1.0.0/nested/release.json', false],
    ['falcon/1.0.0/a/b/objects.json', false],
    ['falcon/1.0.0/my-release.json', false],
    ['falcon/release.json', false],
    ['_weighbridge/status.json', false],
  ])('plan and %s of a mirror: %s', (key, may) => {
    const { statements } = roleNamed(template, 'weighbridge-plan-hub-');
    expect(allows(statements, 's3:GetObject', object('closed', key))).toBe(may);
    for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:GetObjectVersion']) {
      expect(allows(statements, action, object('closed', key)), action).toBe(false);
    }
  });

  it('a publisher of public releases sees nothing of the private mirror', () => {
    const { statements } = roleNamed(template, 'weighbridge-plan-old-');
    expect(JSON.stringify(statements)).not.toMatch(/closed|kms/);
  });
});

describe('submit, with the state bucket', () => {
  let statements: readonly Statement[];
  let bucket: string;

  beforeAll(() => {
    const { stack, template } = checkedStack();
    const submissions = new StateBucket(stack, 'State');
    new PublisherRoles(stack, 'Publishers', {
      publishers: publishersSchema.parse({ a: { github: numbered, collections } }),
      submissions,
      mirrors: [],
      deploymentName: 'weighbridge',
    });
    statements = roleNamed(template(), 'weighbridge-submit-a-').statements;
    bucket = written(stack.resolve(submissions.bucket.bucketArn));
  });

  const may = (action: string, key: string) => allows(statements, action, `${bucket}/${key}`);

  it('puts submissions and the inbox of its own, and reads its own reports', () => {
    expect(may('s3:PutObject', 'submissions/a/0/1.json')).toBe(true);
    expect(may('s3:PutObject', 'inbox/a/private/sha256/0')).toBe(true);
    expect(may('s3:GetObject', 'reports/a/0/1/progress.json')).toBe(true);
  });

  it.each(['a-b', 'ab', '', 'b'])('reaches nothing of a publisher that is called "%s"', (other) => {
    for (const prefix of ['submissions', 'inbox', 'reports']) {
      for (const key of [`${prefix}/${other}/0/1.json`, `${prefix}/${other}`, `${prefix}`]) {
        for (const action of ['s3:PutObject', 's3:GetObject', 's3:GetObjectVersion', 's3:DeleteObject']) {
          expect(may(action, key), `${action} ${key}`).toBe(false);
        }
      }
    }
  });

  it.each([
    ['s3:GetObject', 'submissions/a/0/1.json'],
    ['s3:GetObject', 'inbox/a/private/sha256/0'],
    ['s3:PutObject', 'reports/a/0/1/report.json'],
    ['s3:DeleteObject', 'submissions/a/0/1.json'],
    ['s3:GetObject', 'working/runs/0/1/transfer.jsonl'],
    ['s3:PutObject', 'working/runs/0/1/transfer.jsonl'],
    ['s3:PutBucketPolicy', ''],
  ])('may not %s %s', (action, key) => {
    expect(may(action, key)).toBe(false);
  });

  it('lists its own reports alone', () => {
    const lists = statements.filter(({ actions }) => actions.includes('s3:ListBucket'));
    expect(lists).toEqual([
      {
        effect: 'Allow',
        actions: ['s3:ListBucket'],
        resources: [bucket],
        conditions: { StringLike: { 's3:prefix': ['reports/a/*'] } },
      },
    ]);
  });
});

describe('the settings of the roles', () => {
  it('created providers are made once, for the right audience, and stay', () => {
    const { template } = make(
      { a: { github, collections }, b: { github: numbered, collections }, c: { gitlab, collections } },
      { oidc: { github: 'create', gitlab: 'create' } },
    );
    const providers = [...resourcesOf(template(), 'AWS::IAM::OIDCProvider').values()];
    expect(providers.map(({ Properties }) => [Properties.Url, Properties.ClientIdList])).toEqual([
      ['https://token.actions.githubusercontent.com', ['sts.amazonaws.com']],
      ['https://gitlab.com', ['https://gitlab.com']],
    ]);
    // Retained also where its first deployment fails, it would be in the way of the second.
    for (const provider of providers) {
      expect(provider).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    }
  });

  it('path, prefix and sessions are as asked for', () => {
    const { template } = make(
      { a: { github, collections } },
      { rolePath: '/ci/', rolePrefix: 'acme-', submitSession: Duration.hours(2) },
    );
    const synthesised = template();
    expect(roleNamed(synthesised, 'acme-weighbridge-submit-a-').properties).toMatchObject({
      Path: '/ci/',
      MaxSessionDuration: 7200,
    });
    expect(roleNamed(synthesised, 'acme-weighbridge-plan-a-').properties).toMatchObject({
      Path: '/ci/',
      MaxSessionDuration: 3600,
    });
  });

  it.each([Duration.minutes(59), Duration.hours(5)])('a session of %s is refused', (submitSession) => {
    expect(() => make({}, { submitSession })).toThrow('submitSession: expected 1 to 4 hours');
  });
});
