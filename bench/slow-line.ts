import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to an upstream on which every connection has the same limited rate. */
export interface SlowLine {
  readonly origin: string;
  close(): void;
}

/**
 * Lets each connection bring at most so many bytes a second, however many requests it carries; in a process of its
 * own. nginx's limit_rate would not do: it grants every request a second's worth at once, into which a whole range
 * of 8 MiB fits, so that a client of ranges would not be limited at all.
 */
export async function openSlowLine(target: string, bytesPerSecond: number): Promise<SlowLine> {
  const child = spawn(process.execPath, [import.meta.filename, new URL(target).port, String(bytesPerSecond)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout, 'data');
  return { origin: `http://127.0.0.1:${String(port).trim()}`, close: () => child.stdin.end() };
}

/** Seconds that an idle connection may catch up. */
const credit = 0.02;

function forward(client: Socket, targetPort: number, bytesPerSecond: number): void {
  const target = connect(targetPort, '127.0.0.1');
  let due = 0;
  client.setNoDelay(true);
  client.on('data', (chunk) => target.write(chunk));
  target.on('data', (chunk) => {
    client.write(chunk);
    const now = performance.now() / 1000;
    due = Math.max(due, now - credit) + chunk.length / bytesPerSecond;
    if (due <= now) return;
    target.pause();
    setTimeout(() => target.resume(), (due - now) * 1000);
  });
  for (const [here, there] of [
    [client, target],
    [target, client],
  ] as const) {
    here.on('error', () => there.destroy());
    here.on('close', () => there.destroySoon());
  }
}

if (import.meta.main) {
  const [targetPort, bytesPerSecond] = process.argv.slice(2).map(Number) as [number, number];
  const server = createServer((client) => forward(client, targetPort, bytesPerSecond));
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
  // Ends with the bench, however that ends.
  process.stdin.resume().on('end', () => process.exit());
}
