import { type ErrorOptionsWithEvidence, WeighbridgeError } from '../errors.ts';

/** A mirror did not answer as one should: a server fault, a limit, a body of another length. `retryable` says if again may help. */
export class MirrorError extends WeighbridgeError {
  override readonly name = 'MirrorError';
  constructor(message: string, options: ErrorOptionsWithEvidence = {}) {
    super(message, options);
  }
}

/** A record of the mirror cannot be read, or the chain from registry to content does not hold. */
export class MirrorDamaged extends WeighbridgeError {
  override readonly name = 'MirrorDamaged';
  constructor(message: string, options: ErrorOptionsWithEvidence = {}) {
    super(message, options);
  }
}

/** An object has another length than its record says, whatever its bytes are. */
export class WrongSize extends WeighbridgeError {
  override readonly name = 'WrongSize';
  /** Bytes. */
  readonly expected: number;
  readonly actual: number;
  constructor(what: string, expected: number, actual: number) {
    super(`${what} has ${actual} bytes, its record says ${expected}`, { evidence: { expected, actual } });
    this.expected = expected;
    this.actual = actual;
  }
}
