import type { ExitCode } from '../contract/exit-codes.ts';
import type { Clock } from '../core/clock.ts';
import type { Reporter } from '../core/events.ts';
import type { HttpClient } from '../core/http/http-client.ts';
import type { BucketAccess } from '../core/stores/bucket-access.ts';
import type { Store } from '../core/stores/store.ts';
import type { Configuration } from './configuration.ts';
import type { Environment } from './environment.ts';

/** What a command gets from the shell around it. Heavy parts are made when first asked for. */
export interface CommandContext {
  /** The folder that relative paths of the command line start from. */
  readonly cwd: string;
  /** `--json`: stdout is exactly one JSON document. */
  readonly json: boolean;
  readonly environment: Environment;
  /** `weighbridge.yaml`, or its defaults. */
  readonly configuration: Configuration;
  readonly clock: Clock;
  /** The live display, plain lines or JSON events, as `--progress` says. */
  readonly reporter: Reporter;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The result, to stdout. With `json` only `printJson` may be used, once. */
  print(line: string): void;
  printJson(document: unknown): void;
  /** Everything that is not the result, to stderr. */
  say(line: string): void;
  /**
   * @param typedOrigin origin of a URL that the user typed to read a mirror from: trusted like `--trust-origin`, by
   * this client only
   */
  http(typedOrigin?: string): Promise<HttpClient>;
  /** Clients for buckets, for stores, state and sources. */
  readonly buckets: BucketAccess;
  /**
   * @param partSize bytes of a part of large uploads to a bucket
   * @throws UsageError for a URL that names no store; NotAuthorised where the credentials that are named are not there.
   */
  openStore(url: string, partSize?: number): Promise<Store>;
}

/** What commander parsed: positional arguments in order, options by camelCase name. */
export interface CommandInput {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** Every module under `commands/` exports `run` of this type. */
export type CommandRun = (context: CommandContext, input: CommandInput) => Promise<ExitCode>;
