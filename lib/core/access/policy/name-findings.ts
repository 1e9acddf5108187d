import type { Finding } from '../../manifest/problem-list.ts';
import type { LoosePolicy } from './check-options.ts';

/** Names that programs would read as something else; the schema has judged their letters. */
export function nameFindings(policy: LoosePolicy): Finding[] {
  return Object.entries(policy).flatMap(([part, named]) =>
    Object.keys(named).flatMap((name): Finding[] => {
      const message = nameProblem(name);
      return message === undefined ? [] : [{ path: [part, name], at: 'key', message }];
    }),
  );
}

/** What is wrong with the name of a principal, issuer or grant, beyond its letters. */
export function nameProblem(name: string): string | undefined {
  // Objects put such names before all others, so the order of the file would be lost.
  if (/^[0-9]+$/u.test(name)) return 'a name has at least one letter';
  if (name in Object.prototype) return `${name} has a meaning of its own in programs; take another name`;
  return undefined;
}
