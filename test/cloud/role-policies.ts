import {
  GetRolePolicyCommand,
  type IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';

/** A statement as CloudFormation wrote it: every member may be one string or several. */
export interface RoleStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

/** An inline policy of a role. */
export interface RolePolicy {
  readonly role: string;
  readonly name: string;
  readonly statements: readonly RoleStatement[];
}

/** The names of all roles that begin so. */
export async function roleNames(iam: IAMClient, prefix = ''): Promise<readonly string[]> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await iam.send(new ListRolesCommand({ Marker }));
    names.push(...(page.Roles ?? []).flatMap(({ RoleName }) => RoleName ?? []));
    Marker = page.IsTruncated ? page.Marker : undefined;
  } while (Marker !== undefined);
  return names.filter((name) => name.startsWith(prefix)).toSorted();
}

/** The inline policies of a role. */
export async function rolePolicies(iam: IAMClient, role: string): Promise<readonly RolePolicy[]> {
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: role }));
  return Promise.all(
    PolicyNames.map(async (name) => {
      const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName: role, PolicyName: name }));
      const { Statement } = JSON.parse(decodeURIComponent(PolicyDocument)) as { Statement: RoleStatement[] };
      return { role, name, statements: Statement };
    }),
  );
}

/**
 * Gives an inline policy other statements; it counts from the next request on.
 * @returns a function that puts the former ones back
 */
export async function changeRolePolicy(
  iam: IAMClient,
  { role, name, statements }: RolePolicy,
  change: (statements: readonly RoleStatement[]) => readonly RoleStatement[],
): Promise<() => Promise<void>> {
  const put = async (Statement: readonly RoleStatement[]) => {
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: name, PolicyDocument }));
  };
  await put(change(statements));
  return () => put(statements);
}
