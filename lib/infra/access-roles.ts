import { Stack } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { consumerRoleName } from '../contract/cloud/resource-names.ts';
import { acknowledgeWildcard } from './acknowledge.ts';
import { longestSession } from './grant-access.ts';

export interface ConsumerRolesProps {
  readonly api: apigateway.HttpApi;
  /** Account ids of 12 digits. */
  readonly accounts: readonly string[];
  /** `cloud.name`: part of the names of the roles. */
  readonly deploymentName: string;
  /** What names of roles begin with. @default - nothing */
  readonly rolePrefix?: string;
}

/** Methods of the access API. */
const methods = ['GET', 'HEAD', 'POST'] as const;

/**
 * A role for each other account that may ask the access API, since an HTTP API has no policy of its own that could name
 * them. The role trusts the account as a whole: which of its principals may take it, that account says by its own
 * policies (`sts:AssumeRole` on exactly this role). What comes through it counts as that account, of which the access
 * policy then grants what it grants. It may ask, nothing else: it reads no bucket.
 */
export class ConsumerRoles extends Construct {
  /** By account id. */
  readonly roles: ReadonlyMap<string, iam.Role>;

  constructor(scope: Construct, id: string, props: ConsumerRolesProps) {
    super(scope, id);
    this.roles = new Map(props.accounts.map((account) => [account, this.#role(account, props)]));
  }

  #role(account: string, { api, deploymentName, rolePrefix = '' }: ConsumerRolesProps): iam.Role {
    const stack = Stack.of(this);
    const role = new iam.Role(this, `Account${account}`, {
      roleName: consumerRoleName(account, { name: deploymentName, region: stack.region }, rolePrefix),
      description: `Asks the access API of ${deploymentName} for account ${account}`,
      assumedBy: new iam.AccountPrincipal(account),
      maxSessionDuration: longestSession,
    });
    const resources = methods.map((method) =>
      stack.formatArn({
        service: 'execute-api',
        resource: api.apiId,
        resourceName: `$default/${method}/iam/v1/*`,
      }),
    );
    role.addToPolicy(new iam.PolicyStatement({ sid: 'Ask', actions: ['execute-api:Invoke'], resources }));
    for (const resource of resources) {
      acknowledgeWildcard(role, resource, 'Which releases it may read the access policy says, not the path.');
    }
    return role;
  }
}
