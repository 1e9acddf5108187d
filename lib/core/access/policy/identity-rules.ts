import type { SharedIssuer } from './shared-issuers.ts';

/** Claims that name somebody by a path: `group/project`. */
const paths = ['repository', 'project_path', 'namespace_path'];
/** Claims that name somebody by one word. */
const words = ['repository_owner', 'organization_slug', 'terraform_organization_name', 'email', 'hd'];
const subjectPaths = /^(?:repo|repository|project_path|namespace_path|system:serviceaccount):/u;

/**
 * A star right behind a name goes on with the name: `repo:org/name*` is `name-evil` too, which somebody else may have
 * made. What to write instead, or undefined when there is no such star in the part that says who it is.
 */
export function identityTrap(claim: string, pattern: string): string | undefined {
  const { start, end } = identityPart(claim, pattern);
  const found = /[\p{L}\p{N}](\*+)/u.exec(pattern.slice(start, end));
  if (found === null) return undefined;
  const stars = found[1]?.length ?? 0;
  const starsEnd = start + found.index + found[0].length;
  const whole = pattern.slice(0, starsEnd - stars);
  const better = rightSpelling(claim, whole, pattern.slice(starsEnd));
  return `covers every name that begins so, ${whole}-evil too; write ${better}`;
}

function rightSpelling(claim: string, whole: string, rest: string): string {
  if (rest !== '') return `${whole}${rest}`;
  if (claim === 'sub' && whole.startsWith('repo:')) {
    return whole.includes('/') ? `${whole}:**` : `${whole}/*:**`;
  }
  if (claim === 'sub' && whole.startsWith('project_path:')) return `${whole}:**, or ${whole}/** for what is below it`;
  if (paths.includes(claim)) return whole.includes('/') ? whole : `${whole}/**`;
  return whole;
}

/** Where a pattern says who it is; nowhere (an empty part) where the claim names nobody. */
function identityPart(claim: string, pattern: string): { readonly start: number; readonly end: number } {
  if (paths.includes(claim) || words.includes(claim)) return { start: 0, end: pattern.length };
  if (claim !== 'sub') return { start: 0, end: 0 };
  const prefix = subjectPaths.exec(pattern)?.[0] ?? '';
  // Behind the repository the branch, tag or environment follows, which is its owner's to name.
  const next = prefix === '' || prefix.startsWith('system:') ? -1 : pattern.indexOf(':', prefix.length);
  return { start: prefix.length, end: next < 0 ? pattern.length : next };
}

/**
 * Why a rule does not say whose token it must be: undefined when it does, empty when its claim never could.
 */
export function identityProblem(claim: string, rule: unknown, shared: SharedIssuer): string | undefined {
  if (claim !== 'sub' && !shared.identifying.includes(claim)) return '';
  if (typeof rule === 'number') return undefined;
  if (typeof rule !== 'string') return `write ${claim} as text`;
  if (claim === 'sub') return subjectProblem(rule, shared);
  return paths.includes(claim) ? pathProblem(rule, claim) : wordProblem(rule, claim);
}

function subjectProblem(rule: string, shared: SharedIssuer): string | undefined {
  if (shared.subjects.length === 0) return wordProblem(rule, 'sub');
  const prefix = shared.subjects.find((one) => rule.startsWith(one));
  if (prefix === undefined) return `begin sub with ${shared.subjects.slice(0, 2).join(' or ')}`;
  const rest = rule.slice(prefix.length);
  return subjectPaths.test(prefix) ? pathProblem(rest, 'sub') : wordProblem(rest.split(':', 1)[0] ?? '', 'sub');
}

/** The first folder is whose it is: anybody may take a name that only begins alike. */
function pathProblem(path: string, claim: string): string | undefined {
  const owner = path.split(/[/:]/u, 1)[0] ?? '';
  if (owner === '' || owner.includes('*')) return `write out the owner in ${claim}, without *`;
  return owner.length < path.length || claim === 'namespace_path' ? undefined : `write ${claim} as owner/name`;
}

function wordProblem(word: string, claim: string): string | undefined {
  return word === '' || word.includes('*') ? `write out ${claim}, without *` : undefined;
}
