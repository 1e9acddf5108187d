import type { PublisherSettings } from '../contract/cloud/publishers.ts';

type GitHub = NonNullable<PublisherSettings['github']>;
type GitLab = NonNullable<PublisherSettings['gitlab']>;

/** Issuer of the tokens of GitHub's jobs. */
export const githubIssuer = 'https://token.actions.githubusercontent.com';

/** Audience that jobs of GitHub ask for when they want to talk to AWS. */
export const githubAudience = 'sts.amazonaws.com';

/** Of a trust policy: operator, then claim, then values. */
export type TrustConditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Issuer of the tokens of a GitLab server, which is also the audience that its jobs ask for. */
export function gitlabIssuer({ url }: GitLab): string {
  return url.replace(/\/+$/, '');
}

/** What the claims of a provider begin with in conditions, and its ARN ends in: the issuer without its scheme. */
export function providerHost(issuer: string): string {
  return issuer.replace(/^https:\/\//, '');
}

/**
 * Who may take a role of a publisher on GitHub.
 *
 * Repositories that were made or renamed since 15 July 2026 carry the numbers of owner and repository in `sub`. Both
 * forms are exact; a `sub` with a wildcard is never written. Without the numbers only older repositories match.
 * https://docs.github.com/en/actions/reference/security/oidc
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
 *
 * @param of `submit`: jobs of the release branch, where one is named those in the environment. `plan`: jobs of pull requests; those of forks
 * get no token from GitHub.
 */
export function githubTrust(github: GitHub, of: 'submit' | 'plan'): TrustConditions {
  const { owner, repository, ownerId, repositoryId } = github;
  const context = of === 'plan' ? 'pull_request' : releaseContext(github);
  const subjects = [`repo:${owner}/${repository}:${context}`];
  if (hasNumbers(github)) subjects.push(`repo:${owner}@${ownerId}/${repository}@${repositoryId}:${context}`);
  return {
    StringEquals: claims(githubIssuer, {
      aud: githubAudience,
      sub: subjects,
      ...(repositoryId === undefined ? {} : { repository_id: repositoryId }),
      ...(ownerId === undefined ? {} : { repository_owner_id: ownerId }),
      // Unless its settings say otherwise, jobs of every branch may enter an environment, those of pull requests too.
      ...(of === 'submit' && github.environment !== undefined ? { ref: `refs/heads/${github.branch}` } : {}),
    }),
  };
}

/** Are both numbers there, without which a repository made since July 2026 is not recognised? */
export function hasNumbers({ ownerId, repositoryId }: GitHub): boolean {
  return ownerId !== undefined && repositoryId !== undefined;
}

/**
 * Who may take a role of a publisher on GitLab.
 *
 * GitLab has no `sub` of its own for merge requests: a pipeline of one carries the name of its branch. So `plan`, which
 * reads records alone, is open to every branch of exactly this project, that is to whoever may push to it; a fork is
 * another project. `submit` is for jobs of the release branch.
 * https://docs.gitlab.com/ci/cloud_services/aws/
 */
export function gitlabTrust(gitlab: GitLab, of: 'submit' | 'plan'): TrustConditions {
  const issuer = gitlabIssuer(gitlab);
  const branches = `project_path:${gitlab.project}:ref_type:branch:ref:`;
  if (of === 'submit') return { StringEquals: claims(issuer, { aud: issuer, sub: `${branches}${gitlab.branch}` }) };
  return {
    StringEquals: claims(issuer, { aud: issuer }),
    StringLike: claims(issuer, { sub: `${branches}*` }),
  };
}

/** GitHub writes a colon in the name of an environment as %3A, so that it ends no part of `sub`. */
function releaseContext({ branch, environment }: GitHub): string {
  return environment === undefined ? `ref:refs/heads/${branch}` : `environment:${environment.replaceAll(':', '%3A')}`;
}

function claims<T>(issuer: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).map(([claim, value]) => [`${providerHost(issuer)}:${claim}`, value]),
  );
}
