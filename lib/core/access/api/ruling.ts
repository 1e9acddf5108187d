import type { AccessPolicy } from '../access-policy.ts';
import type { AccessDecision } from '../access-ports.ts';
import type { Caller } from '../caller.ts';
import { type RefusalKind, refusal } from './answers.ts';

/** A request whose caller is proven. */
export interface ProvenRequest {
  readonly request: Request;
  readonly caller: Caller;
  readonly policy: AccessPolicy;
  /** As sent, without the question mark. */
  readonly query: string;
}

/** What of a decision the answer knows; names only where a release could have such. */
export type Ruling = Pick<AccessDecision, 'outcome' | 'rule' | 'reason'> &
  Partial<Pick<AccessDecision, 'collection' | 'version' | 'file' | 'files' | 'names' | 'lifetime'>>;

/** What a request was about. */
export type Subject = Pick<Ruling, 'collection' | 'version' | 'file'>;

/** An answer, and what the audit is told of it. */
export interface Ruled {
  readonly response: Response;
  readonly ruling: Ruling;
}

export function allowed(response: Response, ruling: Omit<Ruling, 'outcome'>): Ruled {
  return { response, ruling: { outcome: 'allowed', ...ruling } };
}

/** No grant: the same answer as for what does not exist. */
export function denied(reason: string, subject: Subject = {}): Ruled {
  return { response: refusal('notFound'), ruling: { outcome: 'denied', rule: null, reason, ...subject } };
}

/** Granted, and not there. */
export function missing(reason: string, rule: string | null, subject: Subject): Ruled {
  return { response: refusal('notFound'), ruling: { outcome: 'missing', rule, reason, ...subject } };
}

/** Nobody can be granted what is not understood, and nobody was denied anything either. */
export function notUnderstood(kind: RefusalKind): Ruled {
  return { response: refusal(kind), ruling: { outcome: 'malformed', rule: null, reason: `not understood: ${kind}` } };
}
