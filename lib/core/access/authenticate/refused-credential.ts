import { NotAuthorised } from '../../errors.ts';

/** Why a credential is not good: for the audit line of the operator. Never a part of the credential. */
export type CredentialFault =
  | 'no credential'
  | 'header too long'
  | 'header malformed'
  | 'scheme unknown'
  | 'basic malformed'
  | 'neither mirror token nor JWT'
  | 'mirror token unknown'
  | 'mirror token expired'
  | 'token too long'
  | 'token malformed'
  | 'token type not taken'
  | 'algorithm not taken'
  | 'extension not taken'
  | 'issuer unknown'
  | 'subject missing'
  | 'audience wrong'
  | 'times malformed'
  | 'token expired'
  | 'token not valid yet'
  | 'token lives too long'
  | 'key unknown'
  | 'key ambiguous'
  | 'signature wrong';

/** The same words whatever was wrong: who guesses learns nothing. */
export const notAuthorisedMessage = 'The request carries no credential that is good here.';

/** The refusal of a credential; `evidence.reason` is for the audit line alone. */
export function refusedCredential(reason: CredentialFault): NotAuthorised {
  return new NotAuthorised(notAuthorisedMessage, { evidence: { reason } });
}
