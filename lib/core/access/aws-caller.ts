import type { Caller } from './caller.ts';

/** What the gateway's IAM authoriser says of who signed a request (`requestContext.authorizer.iam`). */
export interface SignedBy {
  readonly accountId: string;
  readonly userArn: string;
}

/** Roles of the deployment that stand for other accounts. */
export interface ConsumerRoles {
  /** Of the deployment. */
  readonly account: string;
  /** Name of the role to the account that takes it. */
  readonly roles: ReadonlyMap<string, string>;
}

const principal =
  /^arn:(?<partition>aws[a-z-]*):(?<service>iam|sts)::(?<account>[0-9]{12}):(?<resource>[\x21-\x7e]+)$/u;

/**
 * Who that is to the policy. A session of a role is the role; one of a consumer role is the other account, of which no
 * more is known: whoever trusts the role there chooses the session's name. Federated users are their account, as its
 * root is: no pattern of a role or user covers them.
 * @returns undefined for what no authoriser says: account and ARN that do not agree, another form
 */
export function awsCaller({ accountId, userArn }: SignedBy, consumers: ConsumerRoles): Caller | undefined {
  const { partition, service, account, resource = '' } = principal.exec(userArn)?.groups ?? {};
  if (account === undefined || account !== accountId) return undefined;
  const found = (arn: string | undefined): Caller => ({ kind: 'aws', account, arn });
  const [kind, ...names] = resource.split('/');
  const name = names.at(-1) ?? '';
  if (names.includes('')) return undefined;
  if (service === 'iam') {
    if (resource === 'root') return found(undefined);
    return kind === 'user' && name !== '' ? found(`arn:${partition}:iam::${account}:user/${name}`) : undefined;
  }
  if (kind === 'federated-user' && names.length === 1) return found(undefined);
  // Of a role the session tells the name and not the path.
  const [role] = names;
  if (kind !== 'assumed-role' || names.length !== 2 || role === undefined) return undefined;
  const other = account === consumers.account ? consumers.roles.get(role) : undefined;
  if (other !== undefined) return { kind: 'aws', account: other, arn: undefined };
  return found(`arn:${partition}:iam::${account}:role/${role}`);
}
