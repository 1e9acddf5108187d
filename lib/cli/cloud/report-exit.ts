import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import type { RunReport } from '../../core/pipeline/policy-report.ts';

const exits: Readonly<Record<string, ExitCode>> = {
  Refused: exitCodes.refused,
  NotAuthorised: exitCodes.unauthorised,
  NotFound: exitCodes.notFound,
  InvalidFile: exitCodes.invalid,
  UsageError: exitCodes.invalid,
};

/** The code that `stage` would have ended with. */
export function exitOfReport({ ok, state, error }: RunReport): ExitCode {
  if (ok) return exitCodes.done;
  if (state === 'refused') return exitCodes.refused;
  return exits[error?.code ?? ''] ?? exitCodes.failed;
}
