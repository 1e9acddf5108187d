/** Options that choose a deployment, as commander leaves them. */
export interface DeploymentOptions {
  readonly env?: string;
  readonly publisher?: string;
  readonly state?: string;
}

/** Options of `submit` and `status`. */
export interface WaitOptions extends DeploymentOptions {
  readonly wait?: boolean;
  readonly report?: string;
  /** Seconds. */
  readonly timeout?: number;
}

/** What a command to look at a run needs of them. */
export function repeatedOptions({ env, publisher, state }: DeploymentOptions, config: string | undefined): string {
  const given = { '--env': env, '--publisher': publisher, '--state': state, '--config': config };
  return Object.entries(given)
    .map(([option, value]) => (value === undefined ? '' : ` ${option} ${value}`))
    .join('');
}
