import type { WeighbridgeError } from '../../core/errors.ts';

/** What one look of `doctor` came to. `unknown`: these credentials, or this program, cannot tell. */
export interface Check {
  readonly what: string;
  readonly state: 'ok' | 'failed' | 'unknown';
  readonly message: string;
  /** What to do, or to add elsewhere. */
  readonly lines?: readonly string[];
}

export function isWell(checks: readonly Check[]): boolean {
  return checks.every(({ state }) => state !== 'failed');
}

/** What went wrong, and what may help, as a check that failed. */
export function failedCheck(what: string, { message, hint }: WeighbridgeError): Check {
  return { what, state: 'failed', message, ...(hint === undefined ? {} : { lines: [hint] }) };
}
