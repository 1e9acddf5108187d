import { dirname } from 'node:path';
import type { TokenDigest } from '../../core/access/access-policy.ts';
import { newMirrorToken, tokenDigest } from '../../core/access/policy/mirror-token.ts';
import { nameProblem } from '../../core/access/policy/name-findings.ts';
import type { ParsedPolicy } from '../../core/access/policy/parse-policy.ts';
import { withToken } from '../../core/access/policy/token-edits.ts';
import { policyName } from '../../core/access/policy-document.ts';
import { UsageError } from '../../core/errors.ts';
import { schemaReference } from '../authoring/schema-reference.ts';
import type { CommandContext } from '../command-context.ts';
import { newPolicyText } from './new-policy-text.ts';
import { checkPolicy, readPolicyFile } from './policy-file.ts';
import { tokenExpiry } from './token-expiry.ts';
import { writePolicy } from './write-policy.ts';

export interface NewTokenRequest {
  readonly name: string;
  readonly policy: string | undefined;
  readonly expires: string | undefined;
}

/** As many as a replacement needs: the old one and the new one. */
const mostLive = 2;

/**
 * Makes a token and writes its digest into the policy; the token is printed once the file has been written.
 * @throws UsageError, InvalidFile; nothing is written then.
 */
export async function newToken(context: CommandContext, request: NewTokenRequest): Promise<void> {
  const { name } = request;
  checkName(name);
  const now = context.clock.now();
  const file = await readPolicyFile(context, request.policy);
  const start = file.before ?? newPolicyText(schemaReference(dirname(file.path), context.cwd, 'access.schema.json'));
  const parsed = checkPolicy(context, file.file, start);
  checkPrincipal(parsed, name, now);
  const secret = newMirrorToken();
  const token: TokenDigest = { sha256: tokenDigest(secret), expires: tokenExpiry(request.expires, now) };
  const text = withToken(parsed, name, token);
  const { policy } = checkPolicy(context, file.file, text);
  await writePolicy(file, text);
  const grants = policy.grants.filter(({ to }) => to.includes(name)).map((grant) => grant.name);
  if (context.json) {
    context.printJson({ policy: file.file, principal: name, token: secret, ...token, grants });
    return;
  }
  context.print(secret);
  for (const line of whatNext(file.file, name, token, grants)) context.say(line);
}

function checkName(name: string): void {
  const problem = policyName.test(name)
    ? nameProblem(name)
    : 'write lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit';
  if (problem !== undefined) throw new UsageError(`${name} cannot be the name of a principal: ${problem}`);
}

function checkPrincipal({ policy }: ParsedPolicy, name: string, now: Date): void {
  if (!Object.hasOwn(policy.principals, name)) return;
  const principal = policy.principals[name];
  if (principal?.kind !== 'tokens') {
    throw new UsageError(`${name} is not known by tokens, but by ${principal?.kind}`, { hint: 'Take another name.' });
  }
  const today = now.toISOString().slice(0, 10);
  const live = principal.tokens.filter(({ expires }) => expires >= today);
  const [oldest] = live;
  if (live.length < mostLive || oldest === undefined) return;
  throw new UsageError(`${name} has ${live.length} tokens already, as many as a replacement needs`, {
    hint: `First take out the one that is used no more: weighbridge token revoke ${name} --digest ${oldest.sha256.slice(0, 8)}`,
  });
}

function whatNext(file: string, name: string, { sha256, expires }: TokenDigest, grants: readonly string[]): string[] {
  const granted =
    grants.length > 0
      ? [`${name} is named by the grant${grants.length === 1 ? '' : 's'} ${grants.join(', ')}`]
      : [
          `no grant names ${name} yet, so it may read nothing; write one, such as:`,
          '  grants:',
          `    ${name}:`,
          `      to: [${name}]`,
          '      collections: [my-model]',
        ];
  return [
    `the token of ${name} is on stdout, once; ${file} holds its SHA-256 (${sha256.slice(0, 8)}…), good until ${expires}`,
    ...granted,
    `next: commit ${file}, have it reviewed and submitted; before that the token opens nothing (a serve beside this file knows it in two seconds)`,
    'then, where it is used: WEIGHBRIDGE_TOKEN=… weighbridge pull RELEASE --from https://…/v1',
    '  or with any client: Authorization: Bearer …',
  ];
}
