import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { forgetServer, keepServer } from './server-keeper.ts';

export interface ServerRecipe {
  /** What messages and the folder call it. */
  readonly name: string;
  readonly program: string;
  /** @param folder A new folder that belongs to this server alone. */
  readonly args: (port: number, folder: string) => readonly string[];
  readonly env?: (folder: string, port: number) => Readonly<Record<string, string>>;
  /** Makes what the program wants to find in its folder. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** The path that answers 200 once the server can be used. */
  readonly health: string;
  /** Where that answer comes too early: whether a client's request is served. */
  readonly serves?: (url: string) => Promise<boolean>;
}

export interface RunningServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly pid: number;
  readonly folder: string;
  /** What the program has printed so far. */
  log(): string;
  /** Ends the process by its id, SIGTERM first, and removes the folder. May be called twice. */
  stop(): Promise<void>;
}

const healthChecks = 600;
const startsTried = 3;
const secondsToEnd = 5;

/**
 * Starts a server on a free port of 127.0.0.1 and waits until it answers. Should this process die, the server goes too.
 * @throws Error with the server's log when it ends or does not answer in half a minute.
 */
export async function startServer(recipe: ServerRecipe): Promise<RunningServer> {
  let failure: unknown;
  // Between the choice of a port and its use, somebody else may take it.
  for (let start = 0; start < startsTried; start += 1) {
    const server = await launch(recipe, await freePort());
    try {
      await ready(recipe, server);
      return server;
    } catch (error) {
      failure = error;
      await server.stop();
    }
  }
  throw failure;
}

interface LaunchedServer extends RunningServer {
  readonly child: ChildProcess;
}

async function launch(recipe: ServerRecipe, port: number): Promise<LaunchedServer> {
  const folder = await mkdtemp(join(tmpdir(), `weighbridge-server-${recipe.name}-`));
  await recipe.prepare?.(folder);
  const logFile = join(folder, 'server.log');
  const log = openSync(logFile, 'w');
  const child = spawn(recipe.program, recipe.args(port, folder), {
    cwd: folder,
    // Nothing of the machine's own configuration of clouds: only what the recipe says.
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, ...recipe.env?.(folder, port) },
    stdio: ['ignore', log, log],
    // Ctrl-C is for the tests; they end the server when they are done with it.
    detached: true,
  });
  closeSync(log);
  const ended = once(child, 'exit').catch(() => undefined);
  const pid = child.pid;
  if (pid === undefined) {
    const [error] = await once(child, 'error');
    await rm(folder, { recursive: true, force: true });
    throw new Error(`${recipe.name} could not be started: ${error}`, { cause: error });
  }
  child.unref();
  keepServer(pid, folder);
  let stopping: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    pid,
    folder,
    child,
    log: () => readFileSync(logFile, 'utf8'),
    stop: () => {
      stopping ??= end(child, ended).then(async () => {
        await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
        forgetServer(pid);
      });
      return stopping;
    },
  };
}

async function ready(recipe: ServerRecipe, server: LaunchedServer): Promise<void> {
  for (let check = 0; check < healthChecks; check += 1) {
    if (hasEnded(server.child)) throw new Error(`${recipe.name} ended before it was ready:\n${server.log()}`);
    try {
      const response = await fetch(server.url + recipe.health, { signal: AbortSignal.timeout(5_000) });
      await response.arrayBuffer();
      if (response.ok && (await (recipe.serves?.(server.url) ?? true))) return;
    } catch {
      // Nobody listens yet.
    }
    await sleep(50);
  }
  throw new Error(`${recipe.name} did not get ready at ${server.url}${recipe.health}:\n${server.log()}`);
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (hasEnded(child)) return;
  child.ref();
  child.kill('SIGTERM');
  const patience = new AbortController();
  const late = sleep(secondsToEnd * 1000, 'late', { signal: patience.signal }).catch(() => 'in time');
  if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
  patience.abort();
  await ended;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function freePort(): Promise<number> {
  const listener = createServer();
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}
