import { digestProblem } from '../../manifest/digest-problem.ts';
import type { FieldPath } from '../../manifest/field-path.ts';
import { looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { Finding } from '../../manifest/problem-list.ts';
import { type PolicyCheck, warning } from './check-options.ts';
import { mirrorToken } from './mirror-token.ts';

const emptyDigest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * What is wrong with the tokens of one principal, beyond their shape.
 * @param seen digests of the principals before it, with their names; those of this one are added.
 */
export function tokenFindings(
  value: unknown,
  path: FieldPath,
  name: string,
  { check, seen }: { readonly check: PolicyCheck; readonly seen: Map<string, string> },
): Finding[] {
  if (Array.isArray(value) && value.length === 0) {
    return [warning(path, 'there is no token: nobody is this principal; `weighbridge token new` makes one', 'key')];
  }
  return looseList(value).flatMap((one, index) => {
    const { sha256, expires } = looseFields(one);
    const here = [...path, index];
    const findings: Finding[] = [];
    const digest = textOf(sha256);
    if (digest !== undefined) {
      const message = tokenDigestProblem(digest, check.placeholders);
      const other = seen.get(digest);
      if (message !== undefined) findings.push({ path: [...here, 'sha256'], message, secret: true });
      else if (other !== undefined) {
        const whose = other === name ? 'stands here already' : `is that of ${other}; a token is of one principal`;
        findings.push({ path: [...here, 'sha256'], message: `this digest ${whose}` });
      }
      seen.set(digest, name);
    }
    const last = textOf(expires);
    if (last !== undefined && check.now !== undefined && hasExpired(last, check.now)) {
      findings.push(warning([...here, 'expires'], 'expired: the token is refused; remove it or make a new one'));
    }
    return findings;
  });
}

/** Is the last day of a token over? Its days are those of UTC. */
export function hasExpired(expires: string, now: Date): boolean {
  return /^\d{4}-\d{2}-\d{2}$/u.test(expires) && now.toISOString().slice(0, 10) > expires;
}

/** What is wrong with a text that should be the digest of a token; undefined for one that can be it. */
export function tokenDigestProblem(text: string, placeholders: readonly string[]): string | undefined {
  if (mirrorToken.test(text)) {
    return 'this is a token itself, which nobody may use now: write its SHA-256, and of a new one (`weighbridge token new`)';
  }
  if (text === emptyDigest) return 'this is the SHA-256 of nothing; `weighbridge token new` writes that of a token';
  if (/^[0-9a-f]{64}$/u.test(text) && /^(.)\1*$/u.test(text)) {
    return 'this is a placeholder, not a digest; `weighbridge token new` writes one';
  }
  if (/^[0-9A-F]{64}$/iu.test(text) && text !== text.toLowerCase()) return 'write the digest in lower case';
  const problem = digestProblem(text, placeholders);
  return problem?.replace(/: `weighbridge lock`.*$/u, '; `weighbridge token new` writes one');
}
