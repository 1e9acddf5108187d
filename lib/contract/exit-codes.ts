/** Process exit codes of every command (design of the command line; the same numbers everywhere). */
export const exitCodes = {
  done: 0,
  failed: 1,
  invalid: 2,
  refused: 3,
  unauthorised: 4,
  notFound: 5,
  skipped: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
