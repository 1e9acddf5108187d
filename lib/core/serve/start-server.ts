import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { UsageError } from '../errors.ts';
import type { HttpApp } from './by-path.ts';

export interface RunningServer {
  /** `http://host:port/`. */
  readonly url: string;
  /** Takes no new requests, and gives those under way this many seconds to end. */
  stop(grace: number): Promise<void>;
}

/**
 * Seconds in which a request must have come whole, its body too. A caller is proven before the body is read, so that
 * whoever sends the last byte late would be judged by an old policy; and who never sends it would hold a connection.
 */
export const longestArrival = 15;

/** How often that is looked at, of it. */
const looks = 3;

/**
 * @param arrival seconds in which a request must have come whole
 * @throws UsageError where the address cannot be listened on
 */
export async function startServer(
  app: HttpApp,
  host: string,
  port: number,
  arrival: number = longestArrival,
): Promise<RunningServer> {
  const milliseconds = arrival * 1000;
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, env as HttpBindings),
    hostname: host,
    serverOptions: {
      headersTimeout: milliseconds,
      requestTimeout: milliseconds,
      connectionsCheckingInterval: milliseconds / looks,
    },
  }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be listened on (${cause.code})`;
      const hint = 'choose another with --port, or 0 for any free one';
      reject(new UsageError(`${host}:${port} ${why}`, { cause, hint }));
    });
    server.listen(port, host, resolve);
  });
  const { address, family, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}/`,
    async stop(grace) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const last = setTimeout(() => server.closeAllConnections(), grace * 1000);
      await closed;
      clearTimeout(last);
    },
  };
}
