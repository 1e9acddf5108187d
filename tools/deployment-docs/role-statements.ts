import { type DeployedResource, readable } from './deployed-resources.ts';

/** One statement of the policies of a role, its resources by the names of their constructs. */
export interface RoleStatement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** `key = value` of its conditions; empty where there is none. */
  readonly conditions: readonly string[];
}

/** A role of the template and everything that it may do. */
export interface DeployedRole {
  /** Path of its construct, shortened: `Plan`, `StateMachine`, `models/Submit`. */
  readonly name: string;
  /** Who may take it. */
  readonly takenBy: string;
  /** In the order of the template. */
  readonly statements: readonly RoleStatement[];
}

interface RawStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: Readonly<Record<string, unknown>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Every role of a template. */
export function deployedRoles(resources: readonly DeployedResource[]): readonly DeployedRole[] {
  const policies = resources.filter(({ type }) => type === 'AWS::IAM::Policy');
  return resources
    .filter(({ type }) => type === 'AWS::IAM::Role')
    .map(({ id, path, properties }) => ({
      name: shortName(path),
      takenBy: takers(statementsIn(properties.AssumeRolePolicyDocument), resources),
      statements: policies
        .filter((policy) => JSON.stringify(policy.properties.Roles).includes(`"${id}"`))
        .flatMap((policy) => statementsIn(policy.properties.PolicyDocument))
        .map((statement) => roleStatement(statement, resources)),
    }));
}

/** `Pipeline/Plan/Role` is `Plan`; `Publishers/models/Submit` stays what it is of. */
function shortName(path: string): string {
  return path
    .split('/')
    .filter((part) => !['Pipeline', 'Publishers', 'Role'].includes(part))
    .join('/');
}

function statementsIn(document: unknown): readonly RawStatement[] {
  return (document as { readonly Statement: readonly RawStatement[] }).Statement;
}

function roleStatement({ Effect, Action, Resource, Condition }: RawStatement, all: readonly DeployedResource[]) {
  return {
    effect: Effect,
    actions: [Action].flat(),
    resources: [Resource].flat().map((one) => readable(one, all)),
    conditions: conditionTexts(Condition, all),
  };
}

function conditionTexts(condition: RawStatement['Condition'], all: readonly DeployedResource[]): readonly string[] {
  return Object.values(condition ?? {}).flatMap((operands) =>
    Object.entries(operands).map(([key, values]) => {
      const either = [values].flat().map((value) => readable(value, all));
      return `${key} = ${either.join(' or ')}`;
    }),
  );
}

function takers(trust: readonly RawStatement[], all: readonly DeployedResource[]): string {
  return [...new Set(trust.flatMap((statement) => principals(statement, all)))].join(', ');
}

/** `lambda.amazonaws.com`, another role of the template, or of a token its issuer and whom it must be about. */
function principals({ Principal = {}, Condition = {} }: RawStatement, all: readonly DeployedResource[]) {
  if (typeof Principal.Service === 'string') return [Principal.Service];
  if (Principal.AWS !== undefined) return [`\`${shortName(readable(Principal.AWS, all).replace(/^<(.*)>$/, '$1'))}\``];
  const subjects = Object.entries(Condition.StringEquals ?? {}).find(([key]) => key.endsWith(':sub'));
  return subjects === undefined ? [JSON.stringify(Principal)] : [subjects[1]].flat().map((one) => `\`${one}\``);
}
