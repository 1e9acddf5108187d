/** An identity provider that gives tokens to anybody: what its tokens say of whose they are. */
export interface SharedIssuer {
  readonly title: string;
  readonly issuer: string;
  /** Claims that strangers cannot have in their tokens; `sub` apart. */
  readonly identifying: readonly string[];
  /** What a `sub` must begin with to tell whose it is; empty where it is one opaque word. */
  readonly subjects: readonly string[];
  /** Does it write every claim as text, numbers and truth values too? */
  readonly textOnly: boolean;
  /** A rule that would do, for hints. */
  readonly example: string;
}

const github: SharedIssuer = {
  title: 'GitHub Actions',
  issuer: 'https://token.actions.githubusercontent.com',
  identifying: [
    'repository',
    'repository_id',
    'repository_owner',
    'repository_owner_id',
    'enterprise',
    'enterprise_id',
  ],
  subjects: ['repo:', 'repository:', 'repository_id:', 'repository_owner:', 'repository_owner_id:'],
  textOnly: true,
  example: 'repository: my-org/my-repo',
};

/**
 * Providers that anybody can have an account with. `job_workflow_ref` and `actor` of GitHub are not in the list on
 * purpose: anybody may call a reusable workflow, and a person acts in many repositories.
 */
export const sharedIssuers: readonly SharedIssuer[] = [
  github,
  {
    title: 'gitlab.com',
    issuer: 'https://gitlab.com',
    identifying: ['project_path', 'project_id', 'namespace_path', 'namespace_id'],
    subjects: ['project_path:', 'project_id:', 'namespace_path:', 'namespace_id:'],
    textOnly: true,
    example: 'project_path: my-group/my-project',
  },
  {
    title: 'Google',
    issuer: 'https://accounts.google.com',
    identifying: ['email', 'hd'],
    subjects: [],
    textOnly: false,
    example: 'email: ci@my-project.iam.gserviceaccount.com',
  },
  {
    title: 'Buildkite',
    issuer: 'https://agent.buildkite.com',
    identifying: ['organization_slug', 'organization_id', 'pipeline_id'],
    subjects: ['organization:'],
    textOnly: false,
    example: 'organization_slug: my-org',
  },
  {
    title: 'HCP Terraform',
    issuer: 'https://app.terraform.io',
    identifying: ['terraform_organization_id', 'terraform_organization_name', 'terraform_workspace_id'],
    subjects: ['organization:'],
    textOnly: false,
    example: 'terraform_organization_name: my-org',
  },
  {
    title: 'Microsoft',
    issuer: 'https://login.microsoftonline.com/common/v2.0',
    identifying: ['tid', 'oid'],
    subjects: [],
    textOnly: false,
    example: 'tid: 72f988bf-86f1-41af-91ab-2d7cd011db47',
  },
];

/** The shared provider with this `iss`, whether or not a slash stands at its end. */
export function sharedIssuer(issuer: string | undefined): SharedIssuer | undefined {
  const plain = issuer?.replace(/\/+$/u, '').toLowerCase();
  return sharedIssuers.find((one) => one.issuer === plain);
}
