import type { ExplainedWanted, Explanation } from '../../core/access/policy/explain.ts';
import { alignedRows } from '../aligned-rows.ts';

/** An explanation for people: the answer, the grants, who the caller is, and what to change. */
export function explanationLines(explanation: Explanation): string[] {
  const { who, wanted, allowed, grant, maximumLifetime, principals, grants, advice } = explanation;
  const answer = allowed
    ? `allowed: ${who} may read ${named(wanted)}, by the grant ${grant}; a URL lives for at most ${lifetime(maximumLifetime ?? 0)}`
    : `denied: no grant lets ${who} read ${named(wanted)}`;
  const lines = [answer];
  lines.push('', 'grants:');
  lines.push(
    ...alignedRows(
      grants.map(({ name, applies, reason, maximumLifetime: seconds }) => [
        `  ${applies ? (name === grant ? 'decides' : 'applies') : '-'}`,
        name,
        applies ? `${reason}; URLs of ${lifetime(seconds)}` : reason,
      ]),
    ),
  );
  if (grants.length === 0) lines.push('  none');
  lines.push('', 'principals:');
  lines.push(
    ...alignedRows(principals.map(({ name, applies, reason }) => [`  ${applies ? 'is' : '-'}`, name, reason])),
  );
  if (principals.length === 0) lines.push('  none');
  if (advice !== null) lines.push('', advice);
  return lines;
}

function named({ collection, version, file }: ExplainedWanted): string {
  const release = version === undefined ? `versions of ${collection}` : `${collection}@${version}`;
  return file === undefined ? release : `${file} of ${release}`;
}

function lifetime(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
