import { UsageError } from '../../core/errors.ts';

/** The options of `serve`, as commander leaves them. */
export interface ServeOptions {
  readonly store?: string;
  readonly privateStore?: string;
  readonly policy?: string;
  readonly auditLog?: string;
  /** Ends in a slash. */
  readonly baseUrl?: string;
  readonly host: string;
  readonly port: number;
}

/** Addresses that listen everywhere and lead nowhere. */
const everywhere = ['0.0.0.0', '::', '[::]', '0'];

/** @throws UsageError for options that mean nothing without another */
export function checkServeOptions(options: ServeOptions): void {
  const { privateStore, host, baseUrl } = options;
  if (privateStore === undefined) {
    const names = { policy: '--policy', auditLog: '--audit-log', baseUrl: '--base-url' } as const;
    for (const [key, name] of Object.entries(names)) {
      if (options[key as keyof typeof names] !== undefined) throw new UsageError(`${name} is for --private-store`);
    }
    return;
  }
  if (everywhere.includes(host) && baseUrl === undefined) {
    throw new UsageError(`signed URLs cannot lead to ${host}`, {
      hint: 'Say with --base-url under which address clients reach this server.',
    });
  }
}
