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
