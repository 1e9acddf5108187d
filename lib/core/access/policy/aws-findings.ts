import type { FieldPath } from '../../manifest/field-path.ts';
import { looseList } from '../../manifest/manifest-document.ts';
import type { Finding } from '../../manifest/problem-list.ts';
import { type PolicyCheck, warning } from './check-options.ts';
import { textProblem } from './text-problem.ts';

const arnPattern = /^arn:([a-z-]+):(iam|sts)::([^:]*):(.*)$/u;

/** What is wrong with the text of a principal of AWS that is neither an account nor the ARN of a role or user. */
export function awsProblem(text: string): string {
  const expected = 'expected an account id in quotes, or an ARN such as arn:aws:iam::111122223333:role/ci-*';
  const [, partition = '', service, account = '', resource = ''] = arnPattern.exec(text) ?? [];
  if (service === undefined) {
    return /^\d+$/u.test(text) ? 'an account id has 12 digits' : expected;
  }
  if (!/^\d{12}$/u.test(account)) return 'the account must be written out: 12 digits, no *';
  if (resource === 'root') return `the root of an account stands for all of it: write "${account}"`;
  const session = /^assumed-role\/([^/]+)(?:\/.*)?$/u.exec(resource);
  if (service === 'sts' && session !== null) {
    return `sessions come and go; write their role: arn:${partition}:iam::${account}:role/${session[1]}`;
  }
  if (/^(?:group|instance-profile|policy)\//u.test(resource)) return 'only roles and users sign requests; name one';
  return expected;
}

/** What is wrong with the accounts, roles and users of one principal, beyond their shape. */
export function awsFindings(value: unknown, path: FieldPath, check: PolicyCheck): Finding[] {
  const seen = new Set<unknown>();
  return looseList(value).flatMap((one, index) => {
    if (typeof one !== 'string') return [];
    const here = [...path, index];
    if (seen.has(one)) return [warning(here, 'stands here a second time')];
    seen.add(one);
    const problem = textProblem(one, check.placeholders) ?? zeros(one);
    if (problem !== undefined) return [{ path: here, message: problem }];
    return arnFindings(one, here, check);
  });
}

function zeros(text: string): string | undefined {
  return /(?:^|::)0{12}(?:$|:)/u.test(text) ? 'this is a placeholder; write the account' : undefined;
}

function arnFindings(text: string, path: FieldPath, check: PolicyCheck): Finding[] {
  const [, , service, account = '', resource = ''] = arnPattern.exec(text) ?? [];
  const [, kind, folder = '', name = ''] = /^(role|user)\/(.*\/)?([^/]*)$/u.exec(resource) ?? [];
  if (service !== 'iam' || kind === undefined) return [];
  if (folder.includes('*')) {
    const message =
      `the gateway tells the name of a ${kind}, never its path, so a path cannot be asked for: ` +
      `write the name alone (${kind}/${name || 'NAME'}), with * in it where several are meant`;
    return [{ path, message }];
  }
  if (name === '') return [{ path, message: `the ${kind} has no name` }];
  if (name.includes('**')) return [{ path, message: 'a name holds no "/"; write * instead of **' }];
  if (folder !== '' && name.includes('*')) {
    const message =
      `the gateway tells the name of a ${kind}, never its path, so this would cover ${kind}/${name} under every path: ` +
      `write names out (${kind}/${folder}NAME), or ${kind}/${name} where all of those are meant`;
    return [{ path, message }];
  }
  const findings: Finding[] = [];
  if (name === '*')
    findings.push(warning(path, `every ${kind} of the account; where all of it is meant, write "${account}"`));
  if (check.consumerAccounts.includes(account)) {
    const why = `can never match: of ${account}, one of cloud.access.consumerAccounts, only the number is known here`;
    findings.push(warning(path, `${why}; write "${account}", and name roles in that account`));
  }
  return findings;
}
