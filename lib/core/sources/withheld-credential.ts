import { SourceError } from './source.ts';

/**
 * A refusal that came because a token was left out on purpose: the bytes are for the public, and the token is not
 * granted for that. Other errors pass unchanged.
 * @param hidden upstream says "not there" for what the caller may not see (GitHub), so that counts too.
 */
export function withheldCredential(error: SourceError, token: string, hidden = false): SourceError {
  const status = error.evidence.status;
  if (status !== 401 && status !== 403 && !(hidden && status === 404)) return error;
  if (error.outcome === 'rate-limited') return error;
  const grant = `For public releases ${token} is used only where weighbridge.yaml says "tokens: {${token}: {for: any}}".`;
  return new SourceError('gated', error.message, {
    cause: error,
    evidence: error.evidence,
    // What upstream asks for (a licence to accept) comes first; a token alone would not do.
    hint: error.outcome === 'gated' && error.hint !== undefined ? `${error.hint} ${grant}` : grant,
  });
}
