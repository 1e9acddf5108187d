import { CfnResource, type Stack } from 'aws-cdk-lib';
import { written } from '../../test/infra/policies.ts';
import { type Synthesised, stacksOf } from '../../test/infra/synthesise.ts';

/** A resource of a template, with the place that it has among the constructs. */
export interface DeployedResource {
  /** Logical id. */
  readonly id: string;
  readonly type: string;
  /** Ids of the constructs above it, without those of the stack and of the resource itself: `Pipeline/Plan/Role`. */
  readonly path: string;
  /** Is it left where it is when its stack is destroyed? */
  readonly kept: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Every resource of the stacks of a synthesis, in the order of the templates. */
export function deployedResources(made: Synthesised): readonly DeployedResource[] {
  const stacks = made.stacks.flatMap(stacksOf);
  return stacks.flatMap((stack) => {
    const paths = pathsOf(stack);
    return Object.entries(made.templates[stack.stackName]?.Resources ?? {}).map(([id, resource]) => ({
      id,
      type: resource.Type,
      path: paths.get(id) ?? '',
      kept: /^Retain/.test(resource.DeletionPolicy ?? ''),
      properties: resource.Properties ?? {},
    }));
  });
}

function pathsOf(stack: Stack): ReadonlyMap<string, string> {
  const resources = stack.node.findAll().filter((node) => CfnResource.isCfnResource(node));
  return new Map(
    resources.map((resource) => [
      String(stack.resolve(resource.logicalId)),
      resource.node.path
        .slice(stack.node.path.length + 1)
        .split('/')
        .slice(0, -1)
        .join('/'),
    ]),
  );
}

/** Logical ids that a value of a template refers to. */
export function references(value: unknown): readonly string[] {
  return [...JSON.stringify(value ?? null).matchAll(/"(?:Ref":|Fn::GetAtt":\[)"(\w+)"/g)].map(([, id]) => id as string);
}

/** A value as people read it: `<PublicMirror>/registry.json`, by the paths of what it refers to. */
export function readable(value: unknown, resources: readonly DeployedResource[]): string {
  const paths = new Map(resources.map(({ id, path }) => [id, path]));
  return written(value)
    .replaceAll('<Fn::Select>', '<name>')
    .replaceAll(/<(\w+)(?:\.\w+)?>/g, (reference, id: string) => {
      const path = paths.get(id);
      return path === undefined ? reference : `<${path.replace(/\/Bucket$/, '')}>`;
    });
}
