import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import { buildConnector } from 'undici';
import type { OriginRules } from './origin-rules.ts';

export interface ConnectorOptions {
  /** Seconds until a connection, name look-up and TLS handshake included, must stand. */
  readonly connectTimeout: number;
  /** PEM certificates trusted beside the default ones. */
  readonly ca: readonly string[];
}

/** TLS options that add to, and do not replace, what Node trusts (NODE_EXTRA_CA_CERTS included). */
export function trustOptions(ca: readonly string[]): { ca?: string[] } {
  return ca.length === 0 ? {} : { ca: [...getCACertificates('default'), ...ca] };
}

/**
 * Opens connections to checked addresses only. The name is resolved here, once, inside the socket's own look-up:
 * the address that was checked is the address that is dialled, whatever DNS answers a moment later.
 */
export function createGuardedConnector(rules: OriginRules, options: ConnectorOptions): buildConnector.connector {
  // One connector per origin: `lookup` must know it, and TLS sessions are kept in the connector.
  const connectors = new Map<string, buildConnector.connector>();
  return (target, callback) => {
    const url = new URL(`${target.protocol}//${target.host ?? target.hostname}`);
    try {
      // A literal address skips the look-up, so it is checked here.
      rules.checkUrl(url);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    let connect = connectors.get(url.origin);
    if (connect === undefined) {
      const timeout = options.connectTimeout * 1000;
      connect = buildConnector({
        timeout,
        allowH2: false,
        lookup: checkedLookup(rules, url),
        ...trustOptions(options.ca),
      });
      connectors.set(url.origin, connect);
    }
    connect(target, callback);
  };
}

function checkedLookup(rules: OriginRules, url: URL): LookupFunction {
  return (_hostname, options, callback) => {
    rules.resolve(url).then(
      (addresses) => {
        const first = addresses[0];
        if (first === undefined) callback(noAddress(url), '', 0);
        else if (options.all === true)
          callback(
            null,
            addresses.map((each) => ({ ...each })),
          );
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

function noAddress(url: URL): NodeJS.ErrnoException {
  return Object.assign(new Error(`${url.hostname} has no address`), { code: 'ENOTFOUND' });
}
