import type { AccessPolicy, TokenDigest } from '../../core/access/access-policy.ts';
import { withoutTokens } from '../../core/access/policy/token-edits.ts';
import { NotFound, UsageError } from '../../core/errors.ts';
import type { CommandContext } from '../command-context.ts';
import { checkPolicy, parsePolicyFile, readPolicyFile } from './policy-file.ts';
import { writePolicy } from './write-policy.ts';

export interface RevokeRequest {
  readonly name: string;
  readonly policy: string | undefined;
  /** Beginning of the SHA-256 of the one to take out; undefined for all. */
  readonly digest: string | undefined;
}

/**
 * Takes tokens of a principal out of the policy. The principal stays: grants may name it.
 * @throws UsageError, NotFound, InvalidFile; nothing is written then.
 */
export async function revokeTokens(context: CommandContext, request: RevokeRequest): Promise<void> {
  const file = await readPolicyFile(context, request.policy);
  const parsed = parsePolicyFile(context, file);
  const all = tokensOf(parsed.policy, request.name);
  const revoked = request.digest === undefined ? all : [theOne(all, request.name, request.digest)];
  const digests = revoked.map(({ sha256 }) => sha256);
  const text = withoutTokens(parsed, request.name, new Set(digests));
  checkPolicy(context, file.file, text);
  await writePolicy(file, text);
  const left = all.length - revoked.length;
  if (context.json) context.printJson({ policy: file.file, principal: request.name, revoked, left });
  else {
    for (const { sha256, expires } of revoked)
      context.print(`revoked: ${sha256.slice(0, 8)}… of ${request.name} (${expires})`);
    context.say(
      `next: commit ${file.file}, have it reviewed and submitted; until then the token opens what it did (a serve beside this file knows it in two seconds)`,
    );
    if (left === 0)
      context.say(`${request.name} has no token left; take it out of the policy too where it is not needed`);
  }
}

function tokensOf(policy: AccessPolicy, name: string): readonly TokenDigest[] {
  const principal = Object.hasOwn(policy.principals, name) ? policy.principals[name] : undefined;
  if (principal === undefined) throw new NotFound(`no principal of the policy is called ${name}`);
  if (principal.kind !== 'tokens') {
    throw new UsageError(`${name} is not known by tokens, but by ${principal.kind}`, {
      hint: 'Take it out of the policy, or out of the grants that name it.',
    });
  }
  if (principal.tokens.length === 0) throw new NotFound(`${name} has no token`);
  return principal.tokens;
}

function theOne(tokens: readonly TokenDigest[], name: string, prefix: string): TokenDigest {
  const wanted = prefix.toLowerCase().replace(/…$/u, '');
  if (!/^[0-9a-f]{4,64}$/u.test(wanted)) {
    throw new UsageError('--digest takes at least four hex digits of the SHA-256', {
      hint: `${name} has ${tokens.map(({ sha256 }) => sha256.slice(0, 8)).join(', ')}.`,
    });
  }
  const found = tokens.filter(({ sha256 }) => sha256.startsWith(wanted));
  const [one] = found;
  if (one === undefined || found.length > 1) {
    const shown = tokens.map(({ sha256 }) => sha256.slice(0, 8)).join(', ');
    throw new NotFound(`${found.length === 0 ? 'no token' : 'more than one token'} of ${name} begins with ${wanted}`, {
      hint: `It has ${shown}.`,
    });
  }
  return one;
}
