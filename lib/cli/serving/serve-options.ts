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

/** Does this address of a server stay on this machine? */
export function isLoopbackHost(host: string): boolean {
  return /^(?:127\.[0-9.]+|localhost|\[?::1\]?)$/i.test(host);
}

/**
 * Where signed URLs lead when nothing else is said: to this machine by its other name. A client that follows a
 * redirect drops its header for another host only, and with the header the URL is refused.
 * @param url of the server, on loopback
 */
export function otherLoopbackName(url: string): string {
  const other = new URL(url);
  other.hostname = 'localhost';
  return other.href;
}

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
  // Clients compare names; behind a server in front of this one the API may have another name than it listens at.
  if (baseUrl !== undefined && new URL(baseUrl).hostname === host.toLowerCase()) {
    throw new UsageError(`--base-url leads to ${host}, where the API itself is`, {
      hint: 'Clients drop their header for another host alone, and with it a signed URL is refused: name another one.',
    });
  }
  if (!isLoopbackHost(host) && baseUrl === undefined) {
    throw new UsageError(`where signed URLs should lead to is not known: ${host} is no address of this machine alone`, {
      hint:
        'Name a host of its own for them with --base-url. Clients drop their header only for another host than that ' +
        'of the API, and with the header a signed URL is refused.',
    });
  }
}
