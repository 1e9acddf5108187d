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

/** @throws UsageError where the address cannot be listened on */
export async function startServer(app: HttpApp, host: string, port: number): Promise<RunningServer> {
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, env as HttpBindings),
    hostname: host,
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
