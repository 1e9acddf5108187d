import { UsageError } from '../../errors.ts';
import { closestWord } from '../../manifest/did-you-mean.ts';
import type { AccessPolicy } from '../access-policy.ts';
import { withoutPath } from './caller-rule.ts';
import type { ExplainedAs } from './explain.ts';

const forms =
  'Write the name of a principal, an account id or ARN of AWS, or oidc:ISSUER:claim=value,claim=value with the name of an issuer.';

/**
 * Whom a text of the command line means: a principal by name, an account, role, user or session of AWS, or what a
 * token of an issuer would say (`oidc:github:repository=my-org/my-repo,ref=refs/heads/main`; `claim:=JSON` for a value
 * that is no text; a comma within a value is written `\,`).
 * @param consumerAccounts accounts whose principals come by a role that tells their number alone
 * @throws UsageError
 */
export function readExplainedAs(
  text: string,
  policy: AccessPolicy,
  consumerAccounts: readonly string[] = [],
): ExplainedAs {
  if (Object.hasOwn(policy.principals, text)) return { kind: 'principal', name: text };
  if (/^\d{12}$/u.test(text)) return { kind: 'aws', account: text, arn: undefined };
  if (text.startsWith('arn:')) return awsCaller(text, consumerAccounts);
  if (text.startsWith('oidc:')) return oidcCaller(text, policy);
  const near = closestWord(text, Object.keys(policy.principals));
  throw new UsageError(`no principal of the policy is called ${text}`, {
    hint: near === undefined ? forms : `Did you mean ${near}? ${forms}`,
  });
}

function awsCaller(text: string, consumerAccounts: readonly string[]): ExplainedAs {
  const [, partition, service, account = '', kind, path = ''] =
    /^arn:([a-z-]+):(iam|sts)::(\d{12}):(role|user|assumed-role|root)(?:\/(.+))?$/u.exec(text) ?? [];
  const known = kind === 'root' ? service === 'iam' && path === '' : path !== '' && !path.includes('*');
  if (kind === undefined || !known || (kind === 'assumed-role') !== (service === 'sts')) {
    throw new UsageError(`not an ARN of somebody who signs: ${text}`, {
      hint: 'Write that of a role, a user or a session, such as arn:aws:iam::111122223333:role/ci.',
    });
  }
  if (kind === 'root' || consumerAccounts.includes(account)) return { kind: 'aws', account, arn: undefined };
  const arn = `arn:${partition}:iam::${account}:`;
  const name = kind === 'assumed-role' ? `role/${path.split('/', 1)[0]}` : `${kind}/${path}`;
  return { kind: 'aws', account, arn: withoutPath(arn + name) };
}

function oidcCaller(text: string, policy: AccessPolicy): ExplainedAs {
  const [, issuer = '', rest = ''] = /^oidc:([^:]*):?(.*)$/su.exec(text) ?? [];
  if (!Object.hasOwn(policy.issuers, issuer)) {
    const names = Object.keys(policy.issuers);
    const hint = names.length === 0 ? 'The policy has no issuers.' : `The policy has ${names.join(', ')}.`;
    throw new UsageError(`no issuer of the policy is called ${issuer}`, { hint });
  }
  const claims = new Map<string, unknown>();
  for (const part of rest.split(/(?<!\\),/u)) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    if (equals <= 0) throw new UsageError(`not a claim: ${part}`, { hint: 'Write claim=value, or claim:=JSON.' });
    const value = part.slice(equals + 1).replaceAll('\\,', ',');
    if (part[equals - 1] === ':') claims.set(part.slice(0, equals - 1), jsonValue(value));
    else claims.set(part.slice(0, equals), value);
  }
  const subject = claims.get('sub');
  return {
    kind: 'oidc',
    issuer,
    subject: typeof subject === 'string' ? subject : '(no sub given)',
    claims: Object.fromEntries(claims),
  };
}

function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`not JSON: ${text}`, {
      cause,
      hint: 'Such as ref_protected:=true; a text is written claim=value.',
    });
  }
}
