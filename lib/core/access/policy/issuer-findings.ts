import type { FieldPath } from '../../manifest/field-path.ts';
import { looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { Finding } from '../../manifest/problem-list.ts';
import { type LoosePolicy, type PolicyCheck, warning } from './check-options.ts';
import { sharedIssuer } from './shared-issuers.ts';
import { textProblem } from './text-problem.ts';

/** What is wrong with the identity providers, beyond their shape. */
export function issuerFindings(policy: LoosePolicy, check: PolicyCheck): Finding[] {
  const findings: Finding[] = [];
  const used = new Set(Object.values(policy.principals).map((one) => looseFields(looseFields(one).oidc).issuer));
  const seen = new Map<string, string>();
  for (const [name, value] of Object.entries(policy.issuers)) {
    const path = ['issuers', name];
    const { issuer, audience } = looseFields(value);
    const url = textOf(issuer);
    if (url !== undefined) {
      const message = textProblem(url, check.placeholders) ?? addressProblem(url);
      if (message !== undefined) findings.push({ path: [...path, 'issuer'], message });
      const other = seen.get(url);
      if (other !== undefined) {
        findings.push({ path: [...path, 'issuer'], message: `the same as ${other}; give that one both audiences` });
      } else seen.set(url, name);
    }
    findings.push(...audienceFindings(audience, [...path, 'audience'], check));
    if (!used.has(name)) findings.push(warning(path, 'no principal has this issuer', 'key'));
  }
  return findings;
}

function addressProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/u.test(url.protocol)) return undefined;
  if (url.username !== '' || url.password !== '') return 'an issuer has no user name and no password';
  if (text.includes('?') || text.includes('#')) return 'an issuer has neither a query (?…) nor a fragment (#…)';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return 'an issuer is at https://, since whoever answers for it makes its keys; http:// only on this machine';
  }
  const known = sharedIssuer(text);
  if (known !== undefined && known.issuer !== text) return `tokens of ${known.title} say ${known.issuer}, exactly`;
  const plain = url.pathname === '/' ? url.href.replace(/\/$/u, '') : url.href;
  if (text !== url.href && text !== plain) return `write it as tokens do: ${plain}`;
  return undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/u.test(host);
}

function audienceFindings(value: unknown, path: FieldPath, check: PolicyCheck): Finding[] {
  const single = typeof value === 'string';
  const texts = single ? [value] : looseList(value);
  return texts.flatMap((text, index): Finding[] => {
    const here = single ? path : [...path, index];
    if (typeof text !== 'string') return [];
    if (texts.indexOf(text) !== index) return [warning(here, 'stands here a second time')];
    const problem = textProblem(text, check.placeholders);
    if (problem !== undefined) return [{ path: here, message: problem }];
    if (text.includes('*')) return [{ path: here, message: 'an audience is compared as it is; it is no pattern' }];
    return [];
  });
}
