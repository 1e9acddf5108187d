/** Names of errors that leave a handler, for `Retry` and `Catch` of the state machine and for the runbook. */
export const pipelineErrors = {
  /** A store or service did not answer; the same call may succeed. */
  unavailable: 'Unavailable',
  /** A role lacks a permission. */
  notAuthorised: 'NotAuthorised',
  /** Two passes got no further. */
  noProgress: 'NoProgress',
  /** A later submission of the same release took its place. */
  superseded: 'Superseded',
  /** The time of a pass does not suffice for one part. */
  timeoutTooShort: 'TimeoutTooShort',
  /** The last state: the run did not publish what it should; its report says why. */
  runFailed: 'RunFailed',
} as const;

/**
 * What a state is called again for: faults of the services, a function that was killed or ran out of time, and what the
 * handler itself calls worth another try.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export const retriedErrors: readonly string[] = [
  pipelineErrors.unavailable,
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.Unknown',
  'Sandbox.Timedout',
  'Runtime.ExitError',
  'States.Timeout',
];
