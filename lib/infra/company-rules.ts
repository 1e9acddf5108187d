import { AspectPriority, Aspects, CfnResource, type IAspect, Names, Stack, TagManager, Tags } from 'aws-cdk-lib';
import { CfnInstanceProfile, CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';
import { longestRoleName } from '../contract/cloud/resource-names.ts';

/** What a company asks of everything that is deployed into its accounts. */
export interface CompanyRulesProps {
  /** On every resource that takes tags. @default - none */
  readonly tags?: Readonly<Record<string, string>>;
  /** Name or ARN of the policy that bounds every role. @default - none */
  readonly permissionsBoundary?: string;
  /** Path of every role and instance profile. @default / */
  readonly rolePath?: string;
  /** What the name of every role and instance profile begins with. @default - nothing: CloudFormation names them */
  readonly rolePrefix?: string;
  /** Days that every log group keeps its logs, of those that CloudWatch knows. @default - as each group says */
  readonly logRetentionDays?: number;
}

/**
 * Holds every resource of a scope to the rules of a company: those that this project makes, those that the CDK adds for
 * itself (custom resources), and those that an app adds to the stacks.
 *
 * @example
 * applyCompanyRules(app, { tags: { team: 'research' }, permissionsBoundary: 'developers', rolePath: '/weights/' });
 */
export function applyCompanyRules(scope: IConstruct, rules: CompanyRulesProps): void {
  for (const [key, value] of Object.entries(rules.tags ?? {})) Tags.of(scope).add(key, value);
  // After every other aspect that changes something, so that what they add is held to the rules as well.
  Aspects.of(scope).add(new CompanyRules(rules), { priority: AspectPriority.MUTATING + 100 });
}

class CompanyRules implements IAspect {
  readonly #rules: CompanyRulesProps;

  constructor(rules: CompanyRulesProps) {
    this.#rules = rules;
  }

  visit(node: IConstruct): void {
    if (!CfnResource.isCfnResource(node)) return;
    const { rolePath = '/', logRetentionDays } = this.#rules;
    switch (node.cfnResourceType) {
      case CfnRole.CFN_RESOURCE_TYPE_NAME:
        this.#bound(node);
        if (rolePath !== '/') node.addPropertyOverride('Path', rolePath);
        this.#name(node, 'RoleName', node instanceof CfnRole ? node.roleName : undefined);
        break;
      case CfnInstanceProfile.CFN_RESOURCE_TYPE_NAME:
        if (rolePath !== '/') node.addPropertyOverride('Path', rolePath);
        this.#name(node, 'InstanceProfileName', (node as CfnInstanceProfile).instanceProfileName);
        break;
      case CfnLogGroup.CFN_RESOURCE_TYPE_NAME:
        if (logRetentionDays !== undefined) node.addPropertyOverride('RetentionInDays', logRetentionDays);
        break;
    }
    this.#tagUntyped(node);
  }

  #bound(role: CfnResource): void {
    const { permissionsBoundary } = this.#rules;
    if (permissionsBoundary === undefined) return;
    const arn = permissionsBoundary.startsWith('arn:')
      ? permissionsBoundary
      : Stack.of(role).formatArn({
          service: 'iam',
          region: '',
          resource: 'policy',
          resourceName: permissionsBoundary,
        });
    role.addPropertyOverride('PermissionsBoundary', arn);
  }

  /** Roles that somebody outside knows by name have the prefix already; the others get a name only for its sake. */
  #name(resource: CfnResource, property: string, name: string | undefined): void {
    const { rolePrefix = '' } = this.#rules;
    // Also a name that was not given may be a token, of which nothing becomes.
    if (rolePrefix === '' || Stack.of(resource).resolve(name) !== undefined) return;
    resource.addPropertyOverride(property, prefixedName(resource, rolePrefix));
  }

  /** Resources of the CDK's own that have no class know nothing of tags. */
  #tagUntyped(resource: CfnResource): void {
    const tags = Object.entries(this.#rules.tags ?? {});
    if (tags.length === 0 || !untypedTaggable.has(resource.cfnResourceType)) return;
    if (TagManager.isTaggable(resource) || TagManager.isTaggableV2(resource)) return;
    resource.addPropertyOverride(
      'Tags',
      tags.map(([Key, Value]) => ({ Key, Value })),
    );
  }
}

/** What the CDK makes without a class of its own: https://github.com/aws/aws-cdk/tree/main/packages/aws-cdk-lib/core/lib/custom-resource-provider */
const untypedTaggable: ReadonlySet<string> = new Set(['AWS::IAM::Role', 'AWS::Lambda::Function']);

/** As many characters as names of regions have: the region may be a token at synth. */
const regionLength = 'ap-southeast-2'.length;

/** With the region, since names of roles are of the whole account. */
function prefixedName(resource: CfnResource, prefix: string): string {
  const maxLength = longestRoleName - prefix.length - 1 - regionLength;
  const unique = Names.uniqueResourceName(resource, { maxLength, separator: '-' });
  return `${prefix}${unique}-${Stack.of(resource).region}`;
}
