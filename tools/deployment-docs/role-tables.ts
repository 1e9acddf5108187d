import { markdownTable } from './markdown-table.ts';
import type { DeployedRole, RoleStatement } from './role-statements.ts';
import { widestReasons } from './widest-reasons.ts';
import { widestStatement } from './widest-statement.ts';

/** Roles, who takes them, and how many statements they have. */
export function rolesTable(roles: readonly DeployedRole[]): string {
  return markdownTable(
    ['role', 'taken by', 'statements'],
    roles.map(({ name, takenBy, statements }) => [`\`${name}\``, takenBy, String(statements.length)]),
  );
}

/** Every statement of every role. */
export function statementsTable(roles: readonly DeployedRole[]): string {
  const rows = roles.flatMap(({ name, statements }) =>
    statements.map((statement, index) => [index === 0 ? `\`${name}\`` : '', ...statementCells(statement)]),
  );
  return markdownTable(['role', 'may', 'on', 'if'], rows);
}

/**
 * The widest statement of each role, and why.
 * @throws Error for one of which widest-reasons.ts says nothing, or something else.
 */
export function widestTable(roles: readonly DeployedRole[]): string {
  const unknown = Object.keys(widestReasons).filter((name) => !roles.some((role) => role.name === name));
  if (unknown.length > 0) throw new Error(`widest-reasons.ts: there is no role ${unknown.join(', ')}`);
  const rows = roles.map((role) => {
    const widest = widestStatement(role);
    const about = `${widest.actions.join(' ')}: ${widest.resources.join(' ')}`;
    const [expected, why = ''] = widestReasons[role.name] ?? [];
    if (expected !== about) throw new Error(`widest-reasons.ts: of ${role.name} it is now "${about}"; say why`);
    return [`\`${role.name}\``, ...statementCells(widest).slice(0, 2), why];
  });
  return markdownTable(['role', 'may', 'on', 'why so wide'], rows);
}

function statementCells({ effect, actions, resources, conditions }: RoleStatement): readonly string[] {
  const code = (texts: readonly string[]) => texts.map((text) => `\`${text}\``).join(', ');
  return [`${effect === 'Deny' ? '**not** ' : ''}${code(actions)}`, code(resources), code(conditions)];
}
