import { pipelineErrors } from '../../contract/cloud/pipeline-errors.ts';
import { NotAuthorised, WeighbridgeError } from '../errors.ts';

/** A store or service did not answer; the state machine calls the same state again. */
export class Unavailable extends WeighbridgeError {
  override readonly name = pipelineErrors.unavailable;
}

/** Two passes of an item, one after the other, got no further. */
export class NoProgress extends WeighbridgeError {
  override readonly name = pipelineErrors.noProgress;
}

/** A later submission of the same release took this one's place. */
export class Superseded extends WeighbridgeError {
  override readonly name = pipelineErrors.superseded;
}

/** The time of a pass does not suffice for one part of an object. */
export class TimeoutTooShort extends WeighbridgeError {
  override readonly name = pipelineErrors.timeoutTooShort;
}

/** Upstream asks for a longer pause than a function should be paid for sleeping. Never blamed on the source. */
export class UpstreamThrottled extends WeighbridgeError {
  override readonly name = 'UpstreamThrottled';
  /** Seconds. */
  readonly wait: number;
  constructor(message: string, wait: number, options: { readonly cause: unknown }) {
    super(message, options);
    this.wait = wait;
  }
}

/** The time of this pass is used up; the next one goes on from its checkpoints. */
export class PassEnded extends WeighbridgeError {
  override readonly name = 'PassEnded';
}

/** Is it the services' fault, so that the same call may succeed? */
export function isServiceFault(error: unknown): boolean {
  return error instanceof WeighbridgeError && error.retryable && !(error instanceof NotAuthorised);
}

/** Runs one state; what leaves it has a name that the state machine knows where another call may help. */
export async function asState<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WeighbridgeError) || error instanceof Unavailable || !isServiceFault(error)) throw error;
    throw new Unavailable(error.message, { cause: error, retryable: true, evidence: error.evidence });
  }
}
