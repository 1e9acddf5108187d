import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { PublisherSettings } from '../contract/cloud/publishers.ts';
import { type CiRole, ciRoleName } from '../contract/cloud/resource-names.ts';
import {
  githubAudience,
  githubIssuer,
  githubTrust,
  gitlabIssuer,
  gitlabTrust,
  hasNumbers,
  providerHost,
  type TrustConditions,
} from './ci-trust.ts';
import { grantPlan } from './grant-plan.ts';

/** Where submissions go: `StateBucket` is one. */
export interface SubmissionTarget {
  /** Lets it submit as this publisher and read the reports about it, nothing else. */
  grantSubmit(grantee: iam.IGrantable, publisher: string): unknown;
}

/** A mirror that plans look into. */
export interface PlannedMirror {
  readonly access: 'public' | 'private';
  readonly bucket: s3.IBucket;
}

export interface PublisherRolesProps {
  /** `publishers:` of weighbridge.yaml. */
  readonly publishers: Readonly<Record<string, PublisherSettings>>;
  readonly submissions: SubmissionTarget;
  /** A publisher's `plan` reads those of the access classes that it may publish. */
  readonly mirrors: readonly PlannedMirror[];
  /** `cloud.name`: part of the names of the roles. */
  readonly deploymentName: string;
  /**
   * Are the identity providers of the CI systems there already? One of a kind exists per account, so `create` is for
   * its first deployment; what it created stays when it is destroyed, since others rely on it.
   * @default - both exist
   */
  readonly oidc?: { readonly github?: 'existing' | 'create'; readonly gitlab?: 'existing' | 'create' };
  /** @default / */
  readonly rolePath?: string;
  /** What names of roles begin with. @default - nothing */
  readonly rolePrefix?: string;
  /**
   * Longest session of a `submit` role, 1 to 4 hours: a CI job that waits for a large run needs it, since it cannot
   * renew its token. That of a `plan` role is an hour.
   * @default Duration.hours(4)
   */
  readonly submitSession?: Duration;
}

/** The roles of one publisher. */
export interface RolesOfPublisher {
  readonly submit: iam.Role;
  /** Undefined for a publisher of people: they plan with their own credentials. */
  readonly plan: iam.Role | undefined;
}

/**
 * The roles that the CI of each publisher takes by its own identity, without keys: `submit` on the release branch,
 * `plan` for pull requests.
 *
 * @example
 * new PublisherRoles(this, 'Publishers', { publishers, submissions: state, mirrors, deploymentName: 'weighbridge' });
 */
export class PublisherRoles extends Construct {
  /** By the publisher's name. */
  readonly roles: ReadonlyMap<string, RolesOfPublisher>;
  readonly #props: PublisherRolesProps;
  readonly #providers = new Map<string, string>();

  /** @throws Error for a session of less than 1 or more than 4 hours. */
  constructor(scope: Construct, id: string, props: PublisherRolesProps) {
    super(scope, id);
    const seconds = (props.submitSession ?? Duration.hours(4)).toSeconds();
    if (seconds < 3600 || seconds > 14_400) {
      throw new Error(`submitSession: expected 1 to 4 hours, got ${seconds} seconds`);
    }
    this.#props = props;
    this.roles = new Map(
      Object.entries(props.publishers).map(([name, publisher]) => [name, this.#rolesOf(name, publisher)]),
    );
  }

  #rolesOf(name: string, publisher: PublisherSettings): RolesOfPublisher {
    const { submissions, mirrors, submitSession = Duration.hours(4) } = this.#props;
    const scope = new Construct(this, name);
    const submit = this.#role(scope, 'submit', name, this.#trust(scope, name, publisher, 'submit'), submitSession);
    submissions.grantSubmit(submit, name);
    if (publisher.principals !== undefined) return { submit, plan: undefined };
    const plan = this.#role(scope, 'plan', name, this.#trust(scope, name, publisher, 'plan'), Duration.hours(1));
    for (const { access, bucket } of mirrors) {
      if (publisher.access.includes(access)) grantPlan(plan, bucket);
    }
    return { submit, plan };
  }

  #role(scope: Construct, of: CiRole, publisher: string, assumedBy: iam.IPrincipal, session: Duration): iam.Role {
    const { deploymentName, rolePath = '/', rolePrefix = '' } = this.#props;
    const { region } = Stack.of(this);
    const does =
      of === 'submit'
        ? `Submits manifests as ${publisher} and reads the reports about them`
        : `Looks at what pull requests of ${publisher} would change`;
    return new iam.Role(scope, of === 'submit' ? 'Submit' : 'Plan', {
      roleName: ciRoleName(of, publisher, { name: deploymentName, region }, rolePrefix),
      path: rolePath,
      description: does,
      assumedBy,
      maxSessionDuration: session,
    });
  }

  #trust(scope: Construct, name: string, publisher: PublisherSettings, of: CiRole): iam.IPrincipal {
    const { oidc = {} } = this.#props;
    const { github, gitlab, principals = [] } = publisher;
    if (github !== undefined) {
      if (of === 'submit' && !hasNumbers(github)) {
        const message =
          `publishers.${name}.github: without ownerId and repositoryId its CI is recognised only if the repository is ` +
          'older than July 2026: `gh api repos/OWNER/REPO --jq ".owner.id, .id"` prints both.';
        Annotations.of(scope).addWarningV2('weighbridge:github-numbers', message);
      }
      return this.#federated('GitHub', githubIssuer, githubAudience, oidc.github, githubTrust(github, of));
    }
    if (gitlab !== undefined) {
      const issuer = gitlabIssuer(gitlab);
      return this.#federated(`GitLab ${providerHost(issuer)}`, issuer, issuer, oidc.gitlab, gitlabTrust(gitlab, of));
    }
    return new iam.CompositePrincipal(...principals.map((arn) => new iam.ArnPrincipal(arn)));
  }

  #federated(
    id: string,
    issuer: string,
    audience: string,
    origin: 'existing' | 'create' | undefined,
    conditions: TrustConditions,
  ): iam.IPrincipal {
    return new iam.WebIdentityPrincipal(this.#provider(id, issuer, audience, origin), conditions);
  }

  /** ARN of the identity provider of an issuer, made at most once. */
  #provider(id: string, issuer: string, audience: string, origin: 'existing' | 'create' = 'existing'): string {
    const known = this.#providers.get(issuer);
    if (known !== undefined) return known;
    const arn =
      origin === 'create'
        ? new iam.OidcProviderNative(this, id, {
            url: issuer,
            clientIds: [audience],
            // Not when the deployment that makes it fails: the next one could not make it again.
            removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
          }).oidcProviderArn
        : Stack.of(this).formatArn({
            service: 'iam',
            region: '',
            resource: 'oidc-provider',
            resourceName: providerHost(issuer),
          });
    this.#providers.set(issuer, arn);
    return arn;
  }
}
