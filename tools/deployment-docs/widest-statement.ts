import type { DeployedRole, RoleStatement } from './role-statements.ts';

/**
 * The statement of a role that reaches farthest: by what it is about (everything, releases of a mirror, other names with
 * a wildcard, single things), then by whether it changes anything, then by the number of actions and of resources.
 */
export function widestStatement({ name, statements }: DeployedRole): RoleStatement {
  const [widest] = statements
    .filter(({ effect }) => effect === 'Allow')
    .sort((one, other) => reach(other) - reach(one));
  if (widest === undefined) throw new Error(`${name} may do nothing`);
  return widest;
}

function reach({ actions, resources }: RoleStatement): number {
  const writes = actions.some((action) => !/:(?:Get|List|Describe)/.test(action));
  return Math.max(...resources.map(reachOf)) * 1000 + (writes ? 500 : 0) + actions.length * 10 + resources.length;
}

function reachOf(resource: string): number {
  if (resource === '*') return 4;
  if (!resource.includes('*')) return 1;
  return /^<(?:Public|Private)Mirror>/.test(resource) ? 3 : 2;
}
