import { type ExitCode, exitCodes } from '../contract/exit-codes.ts';

/** Facts that support an error message, safe to print: never a signed URL, a token or an absolute local path. */
export type Evidence = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ErrorOptionsWithEvidence {
  readonly cause?: unknown;
  readonly evidence?: Evidence;
  /** Can trying the same thing again help? Set where the failure is understood. */
  readonly retryable?: boolean;
  /** Seconds to wait before a retry, when the other side said so. */
  readonly retryAfter?: number;
  /** What the user can do about it, as one sentence. */
  readonly hint?: string;
}

/**
 * Base of every error that the program raises on purpose. `name` is a literal in each class, because
 * minifiers rewrite `constructor.name` and Step Functions matches on it. `exit` is the process exit code
 * that the error means when it ends a command.
 */
export abstract class WeighbridgeError extends Error {
  abstract override readonly name: string;
  readonly exit: ExitCode = exitCodes.failed;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly evidence: Evidence;
  readonly hint: string | undefined;

  constructor(message: string, options: ErrorOptionsWithEvidence = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
    this.evidence = options.evidence ?? {};
    this.hint = options.hint;
  }
}

/** The command line is wrong. */
export class UsageError extends WeighbridgeError {
  override readonly name = 'UsageError';
  override readonly exit = exitCodes.invalid;
}

/** One thing wrong in a user's file: where, in which field, the value found, and what would be right. */
export interface Problem {
  readonly file: string;
  /** 1-based; column counts UTF-16 code units, as editors do. */
  readonly line: number;
  readonly column: number;
  /** Path of the field, such as `artifacts[2].sha256`; empty for the document itself. */
  readonly field: string;
  /** The value as written, shortened and with control characters escaped. */
  readonly value?: string;
  readonly message: string;
  readonly severity: 'error' | 'warning';
}

/** A manifest, policy or configuration file does not parse or validate. Carries every problem found. */
export class InvalidFile extends WeighbridgeError {
  override readonly name = 'InvalidFile';
  override readonly exit = exitCodes.invalid;
  readonly problems: readonly Problem[];
  constructor(message: string, problems: readonly Problem[], options: ErrorOptionsWithEvidence = {}) {
    super(message, options);
    this.problems = problems;
  }
}

export type RefusalReason =
  | 'released-content'
  | 'access-class'
  | 'over-budget'
  | 'too-large'
  | 'names-collide'
  | 'withdrawn'
  | 'signed-registry'
  | 'bucket'
  | 'not-granted'
  | 'wrong-submission';

/** The request was understood and is not allowed: an invariant would break. */
export class Refused extends WeighbridgeError {
  override readonly name = 'Refused';
  override readonly exit = exitCodes.refused;
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string, options: ErrorOptionsWithEvidence = {}) {
    super(message, options);
    this.reason = reason;
  }
}

/** Credentials are missing or not sufficient for a store, a mirror or an API. */
export class NotAuthorised extends WeighbridgeError {
  override readonly name = 'NotAuthorised';
  override readonly exit = exitCodes.unauthorised;
}

/** No such release, file or name, or it is not complete. */
export class NotFound extends WeighbridgeError {
  override readonly name = 'NotFound';
  override readonly exit = exitCodes.notFound;
}

/** Bytes did not hash to what was expected. */
export class DigestMismatch extends WeighbridgeError {
  override readonly name = 'DigestMismatch';
}

/** Ctrl-C or a time limit ended the work; checkpoints are kept. */
export class Interrupted extends WeighbridgeError {
  override readonly name = 'Interrupted';
  override readonly exit = exitCodes.interrupted;
}

/** Nobody can say now what the access policy is, so nothing is granted. */
export class PolicyUnavailable extends WeighbridgeError {
  override readonly name = 'PolicyUnavailable';
}

/** A decision cannot be written down, so it is not carried out. */
export class AuditUnavailable extends WeighbridgeError {
  override readonly name = 'AuditUnavailable';
}

/**
 * A token names an identity provider of the policy whose keys cannot be had now, so nobody can tell whether it is good.
 * `evidence.issuer` is the provider's name in the policy, `retryAfter` when it will be asked again.
 */
export class IssuerUnavailable extends WeighbridgeError {
  override readonly name = 'IssuerUnavailable';
}
