import { SourceError } from './source.ts';

/** Credentials of the environment that a release may be denied: named as in `tokens` of weighbridge.yaml. */
export type TokenName = 'HF_TOKEN' | 'GITHUB_TOKEN' | 'AWS' | 'GOOGLE';

/** A credential that `credentials` in weighbridge.yaml gives to one origin. */
export interface OriginCredential {
  readonly origin: string;
  /** The variable that holds it. */
  readonly variable: string;
}

const spoken: Readonly<Record<TokenName, string>> = {
  HF_TOKEN: 'HF_TOKEN is',
  GITHUB_TOKEN: 'GITHUB_TOKEN is',
  AWS: 'the AWS credentials are',
  GOOGLE: 'the Google credentials are',
};

/** A credential that must not be used, because the bytes are for the public and it is not granted for that. */
export type Withheld = TokenName | OriginCredential;

/**
 * A refusal that came because a credential was left out on purpose: the bytes are for the public, and it is not
 * granted for that. Other errors pass unchanged.
 * @param hidden upstream says "not there" for what the caller may not see (GitHub), so that counts too.
 */
export function withheldCredential(error: SourceError, withheld: Withheld, hidden = false): SourceError {
  const status = error.evidence.status;
  if (status !== 401 && status !== 403 && !(hidden && status === 404)) return error;
  if (error.outcome === 'rate-limited') return error;
  const grant = grantHint(withheld);
  return new SourceError('gated', error.message, {
    cause: error,
    evidence: error.evidence,
    // What upstream asks for (a licence to accept) comes first; a token alone would not do.
    hint: error.outcome === 'gated' && error.hint !== undefined ? `${error.hint} ${grant}` : grant,
  });
}

function grantHint(withheld: Withheld): string {
  if (typeof withheld === 'object') {
    return `For public releases ${withheld.variable} is used only where weighbridge.yaml says "for: any" at ${withheld.origin}.`;
  }
  return `For public releases ${spoken[withheld]} used only where weighbridge.yaml says "tokens: {${withheld}: {for: any}}".`;
}
