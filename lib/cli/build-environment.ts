import { flag, set, type Variables } from './variables.ts';

/** What a CI system says about the commit that it builds. */
export interface BuildEnvironment {
  /** 40 or 64 hex digits. */
  readonly commit: string | undefined;
  /** URL of the repository, without credentials. */
  readonly repository: string | undefined;
}

/**
 * GitHub: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 * GitLab: https://docs.gitlab.com/ci/variables/predefined_variables/
 */
export function readBuildEnvironment(variables: Variables): BuildEnvironment {
  if (flag(variables, 'GITHUB_ACTIONS')) {
    const server = set(variables, 'GITHUB_SERVER_URL') ?? 'https://github.com';
    const repository = set(variables, 'GITHUB_REPOSITORY');
    return {
      commit: hex(set(variables, 'GITHUB_SHA')),
      repository: repository === undefined ? undefined : `${server}/${repository}`,
    };
  }
  if (flag(variables, 'GITLAB_CI')) {
    return { commit: hex(set(variables, 'CI_COMMIT_SHA')), repository: set(variables, 'CI_PROJECT_URL') };
  }
  return { commit: undefined, repository: undefined };
}

function hex(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text) ? text : undefined;
}
