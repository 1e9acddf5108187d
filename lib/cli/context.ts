import type { Clock } from '../core/clock.ts';
import type { HttpClient } from '../core/http/http-client.ts';
import { createBucketAccess } from './bucket-access.ts';
import { collectReceived } from './collect-received.ts';
import type { CommandContext } from './command-context.ts';
import type { Configuration } from './configuration.ts';
import type { Environment } from './environment.ts';
import type { Progress } from './progress/progress.ts';

export interface ContextParts {
  /** Absolute working folder. */
  readonly cwd: string;
  readonly json: boolean;
  readonly environment: Environment;
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  writeOut(text: string): void;
  writeError(text: string): void;
}

/** A context, and the end of what it opened. */
export interface OpenedContext {
  readonly context: CommandContext;
  close(): Promise<void>;
}

/** Puts together what commands work with. Nothing is opened, and no library loaded, before it is asked for. */
export function createContext(parts: ContextParts): OpenedContext {
  const { environment, configuration, progress } = parts;
  // Once for all clients, and not for commands that need none.
  let collecting: ((bytes: number) => void) | undefined;
  const onReceived = () => {
    collecting ??= collectReceived();
    return collecting;
  };
  const buckets = createBucketAccess(environment, configuration, onReceived);
  const clients = new Map<string | undefined, Promise<HttpClient>>();

  async function makeClient(typedOrigin: string | undefined): Promise<HttpClient> {
    const [{ createHttpClient }, { httpOptions }] = await Promise.all([
      import('../core/http/create-http-client.ts'),
      import('./http-options.ts'),
    ]);
    return createHttpClient(await httpOptions(environment, configuration, typedOrigin, onReceived()));
  }

  const context: CommandContext = {
    cwd: parts.cwd,
    json: parts.json,
    environment,
    configuration,
    clock: parts.clock,
    reporter: progress,
    signal: parts.signal,
    print(line) {
      progress.above(() => parts.writeOut(`${line}\n`));
    },
    printJson(document) {
      progress.above(() => parts.writeOut(`${JSON.stringify(document, undefined, 2)}\n`));
    },
    say(line) {
      progress.above(() => parts.writeError(`${line}\n`));
    },
    http(typedOrigin) {
      const known = clients.get(typedOrigin) ?? makeClient(typedOrigin);
      clients.set(typedOrigin, known);
      return known;
    },
    buckets,
    async openStore(url, partSize) {
      const { openStore } = await import('../core/stores/open-store.ts');
      return await openStore(url, { cwd: parts.cwd, clock: parts.clock, buckets, partSize });
    },
  };
  return {
    context,
    async close() {
      progress.close();
      for (const client of clients.values()) await (await client).close();
      await buckets.close();
    },
  };
}
