import type * as z from 'zod';
import type { FieldPath } from '../../manifest/field-path.ts';
import { type DocumentShape, describeValue } from '../../manifest/schema-findings.ts';
import { policyDocumentSchema } from '../policy-document.ts';
import { awsProblem } from './aws-findings.ts';

const hints: Readonly<Record<string, string>> = {
  weighbridgeAccess: 'write `weighbridgeAccess: 1`',
  issuer: 'an issuer has the https:// address that its tokens say, a principal the name of one of `issuers`',
  audience: 'write the `aud` that tokens must have been made for',
  claims: 'write what the token must say, such as `sub: "repo:my-org/my-repo:ref:refs/heads/main"`',
  sha256: '`weighbridge token new` writes it',
  expires: 'write the last day on which the token is good, such as 2027-01-31',
  to: 'name the principals that it is for',
  collections: 'name what may be read, such as `collections: [my-models]`',
};

/** How an access policy looks, and the words for one that does not. */
export const policyShape: DocumentShape = {
  schema: policyDocumentSchema,
  notOne: 'an access policy is a list of fields with values, of which the first is `weighbridgeAccess: 1`',
  empty: 'the file is empty; an access policy begins with `weighbridgeAccess: 1`',
  missing: (path) => hints[String(path.at(-1) ?? '')],
  message(issue, value, path) {
    if (value === null) return undefined;
    if (issue.code === 'too_small' || issue.code === 'too_big') return sizeMessage(issue);
    return path[0] === 'principals' ? principalMessage(issue, value, path) : issuerMessage(issue, value, path);
  },
};

function principalMessage(issue: z.core.$ZodIssue, value: unknown, path: FieldPath): string | undefined {
  if (path[2] === 'aws' && typeof value === 'string') return awsProblem(value);
  if (path[3] === 'claims' && path.length >= 5) {
    return issue.code === 'invalid_union' || path.length > 5
      ? `text, a number, true or false, or {contains: TEXT} belongs here, not ${describeValue(value)}`
      : undefined;
  }
  if (path[2] === 'tokens' && path.at(-1) === 'expires' && typeof value === 'string') {
    return 'write a day of the calendar, such as 2027-01-31';
  }
  return undefined;
}

function issuerMessage(issue: z.core.$ZodIssue, value: unknown, path: FieldPath): string | undefined {
  if (path[0] !== 'issuers') return undefined;
  if (path[2] === 'issuer' && typeof value === 'string')
    return 'write the https:// address that the tokens say as `iss`';
  if (path[2] === 'audience' && issue.code === 'invalid_union' && !Array.isArray(value)) {
    return `text, or a list of texts, belongs here, not ${describeValue(value)}`;
  }
  return undefined;
}

function sizeMessage(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string | undefined {
  if (issue.code === 'too_big') return `at most ${issue.maximum} characters`;
  return issue.origin === 'array' ? 'the list is empty; at least one belongs here' : 'the text is empty';
}
