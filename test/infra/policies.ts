import type { Template } from 'aws-cdk-lib/assertions';

/** A statement with its references written out: `<Mirror.Arn>/key`, one list of actions and of resources. */
export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, unknown>>;
}

interface RawStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, unknown>>;
  readonly Principal?: Readonly<Record<string, unknown>>;
}

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** The resources of a type, by their logical ids. */
export function resourcesOf(template: Template, type: string): ReadonlyMap<string, Resource> {
  return new Map(Object.entries(template.findResources(type) as Record<string, Resource>));
}

/** The one role whose name begins like this: its properties and every statement of its policies. */
export function roleNamed(template: Template, name: string) {
  const [id, role] =
    [...resourcesOf(template, 'AWS::IAM::Role')].find(([, { Properties }]) =>
      written(Properties.RoleName).startsWith(name),
    ) ?? [];
  if (id === undefined || role === undefined) throw new Error(`no role ${name}`);
  const policies = [...resourcesOf(template, 'AWS::IAM::Policy').values()].filter(({ Properties }) =>
    (Properties.Roles as readonly unknown[]).some((one) => written(one) === `<${id}>`),
  );
  const properties = role.Properties;
  const trust = (properties.AssumeRolePolicyDocument as { Statement: readonly RawStatement[] }).Statement;
  return {
    id,
    properties,
    trust,
    statements: policies.flatMap(({ Properties }) =>
      (Properties.PolicyDocument as { Statement: readonly RawStatement[] }).Statement.map(statement),
    ),
  };
}

export function statement({ Effect, Action, Resource, Condition }: RawStatement): Statement {
  return {
    effect: Effect,
    actions: [Action].flat(),
    resources: [Resource].flat().map(written),
    ...(Condition === undefined ? {} : { conditions: Condition }),
  };
}

/** A value of a template as one text: `arn:<AWS::Partition>:s3:::x`. */
export function written(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const { 'Fn::Join': join, 'Fn::GetAtt': attribute, Ref: ref } = value as Record<string, unknown>;
  if (typeof ref === 'string') return `<${ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  if (Array.isArray(join)) return (join[1] as unknown[]).map(written).join(String(join[0]));
  return `<${Object.keys(value).join()}>`;
}

/** May the statements do this? Deny wins; a star goes over slashes, as in IAM. */
export function allows(statements: readonly Statement[], action: string, resource: string): boolean {
  const covering = statements.filter(
    (one) => one.actions.some((pattern) => like(pattern, action)) && one.resources.some((p) => like(p, resource)),
  );
  return covering.some(({ effect }) => effect === 'Allow') && !covering.some(({ effect }) => effect === 'Deny');
}

function like(pattern: string, text: string): boolean {
  const escaped = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`, 's').test(text);
}
