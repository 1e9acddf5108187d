import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { searchPath } from './peers.ts';

/** A server of files on loopback, in a process of its own. */
export interface Upstream {
  /** `http://127.0.0.1:{port}` */
  readonly origin: string;
  /** Requests answered so far, without those that asked for this. */
  requests(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Starts nginx on a free port, as whoever runs this, with everything it writes below `folder`.
 * @param root folder that is served
 */
export async function startNginx(folder: string, root: string): Promise<Upstream> {
  const port = await freePort();
  const home = join(folder, 'nginx');
  await mkdir(home, { recursive: true });
  const configuration = join(home, 'nginx.conf');
  await writeFile(configuration, nginxConfiguration(home, root, port));
  const child = spawn('nginx', ['-p', home, '-e', 'stderr', '-c', configuration], {
    env: { PATH: searchPath() },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const origin = `http://127.0.0.1:${port}`;
  // The first answer is the one that shows that nginx is ready.
  let asked = 0;
  const close = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  const status = async () => {
    const text = await (await fetch(`${origin}/status`)).text();
    asked += 1;
    return Number(/^ *\d+ \d+ (\d+) *$/m.exec(text)?.[1]);
  };
  for (let tries = 0; asked === 0; tries += 1) {
    await status().catch(() => setTimeout(50));
    if (tries === 100 || child.exitCode !== null) {
      await close();
      throw new Error('nginx did not start');
    }
  }
  return { origin, close, requests: async () => (await status()) - asked };
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

function nginxConfiguration(home: string, root: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${home}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${home}/${name};`).join('\n  ')}
  default_type application/octet-stream;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:${port};
    location = /status { stub_status; }
    location / { root ${root}; autoindex on; }
  }
}
`;
}
