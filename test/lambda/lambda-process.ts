import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { requireClean } from '../support/require-no-leaks.ts';
import type { InvokeAnswer } from './invoke-bundle.ts';

/**
 * A function's environment: the bundle in a process of its own, with no variables but those of a function, so that
 * what it does cannot come from the checkout. Calls are answered one after the other, as Lambda does it.
 */
export class LambdaProcess {
  /** What it logged. */
  log = '';
  readonly #child: ChildProcess;

  /** @param folder the bundle, with the deployment's file beside it */
  constructor(folder: string, variables: Readonly<Record<string, string>>) {
    this.#child = fork(join(import.meta.dirname, 'invoke-bundle.ts'), [join(folder, 'index.mjs')], {
      cwd: folder,
      env: variables,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (piece: Buffer) => {
        this.log += piece.toString();
      });
    }
  }

  /** @throws an error with the name, message and stack that Lambda would hand to the caller. */
  async call(event: unknown, seconds = 600): Promise<unknown> {
    const ended = new AbortController();
    const exit = once(this.#child, 'exit', { signal: ended.signal }).then(
      ([code]) => {
        throw new Error(`the function's process ended (${code}): ${this.log}`);
      },
      () => new Promise<never>(() => {}),
    );
    this.#child.send({ event, seconds });
    const [answer] = (await Promise.race([once(this.#child, 'message'), exit])) as [InvokeAnswer];
    ended.abort();
    if ('output' in answer) return answer.output;
    throw Object.assign(new Error(answer.error.message), answer.error);
  }

  /** @throws Error where it logged a secret */
  async end(): Promise<void> {
    await this.#kill();
    requireClean(this.log, 'the log of a function');
  }

  async #kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
