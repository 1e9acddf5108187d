import { pipelineErrors } from '../../lib/contract/cloud/pipeline-errors.ts';
import { WeighbridgeError } from '../../lib/core/errors.ts';
import type { Scrub } from './text-scrubber.ts';

/** Characters: Step Functions keeps 32,768 of a cause, which the trace is part of as well. */
const longest = 4000;

/** Of errors that nobody foresaw. */
export const unexpected = 'Unexpected';

/**
 * What leaves a function for an error: its name is what `Retry` and `Catch` match on, and its trace, which Lambda
 * hands to the caller, is the message once more.
 */
export class HandlerFailure extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
    this.stack = `${name}: ${message}`;
  }
}

/** An error that another call may be spared leaves as `Unavailable`, any other under its own name. */
export function handlerFailure(thrown: unknown, scrub: Scrub): HandlerFailure {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (!(thrown instanceof WeighbridgeError)) {
    return new HandlerFailure(unexpected, shortened(scrub(`unexpected error: ${message.split('\n')[0]}`)));
  }
  const text = shortened(scrub([message, ...(thrown.hint === undefined ? [] : [thrown.hint])].join('\n')));
  return new HandlerFailure(thrown.retryable ? pipelineErrors.unavailable : thrown.name, text);
}

/** The same for the log, where more may be told: of unforeseen errors also where they come from. */
export function loggedFailure(thrown: unknown, scrub: Scrub): Readonly<Record<string, unknown>> {
  if (!(thrown instanceof Error)) return { name: unexpected, message: scrub(String(thrown)) };
  const { name, message, stack, cause } = thrown;
  const because = cause === undefined ? {} : { cause: scrub(cause instanceof Error ? cause.message : String(cause)) };
  if (!(thrown instanceof WeighbridgeError)) {
    return { name: unexpected, message: scrub(`${name}: ${message}`), stack: scrub(stack ?? ''), ...because };
  }
  const { hint, retryable, evidence } = thrown;
  return {
    name,
    message: scrub(message),
    ...(hint === undefined ? {} : { hint: scrub(hint) }),
    retryable,
    evidence: JSON.parse(scrub(JSON.stringify(evidence))),
    ...because,
  };
}

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
