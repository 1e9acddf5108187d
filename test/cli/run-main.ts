import { EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import type { CommandRun } from '../../lib/cli/command-context.ts';
import type { CommandDeclaration } from '../../lib/cli/declarations.ts';
import { main } from '../../lib/cli/main.ts';
import { requireNoLeaks } from '../support/require-no-leaks.ts';

export interface MainResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Codes that the process was told to end with at once. */
  readonly left: readonly number[];
}

export interface MainOptions {
  readonly variables?: Record<string, string>;
  readonly cwd?: string;
  readonly commands?: readonly CommandDeclaration[];
  readonly signals?: EventEmitter;
}

/** Runs the command line in this process, with streams that are strings. */
export async function runMain(argv: readonly string[], options: MainOptions = {}): Promise<MainResult> {
  let stdout = '';
  let stderr = '';
  const left: number[] = [];
  const code = await main(
    {
      argv,
      variables: options.variables ?? {},
      cwd: options.cwd ?? tmpdir(),
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      signals: options.signals ?? new EventEmitter(),
      leave: (leftWith) => left.push(leftWith),
    },
    options.commands,
  );
  await requireNoLeaks({ argv, stdout, stderr, cwd: options.cwd });
  return { code, stdout, stderr, left };
}

/** A command of one's own, called `try`. */
export function commandOf(run: CommandRun): readonly CommandDeclaration[] {
  return [
    {
      name: 'try',
      summary: 'try something',
      detail: 'Tries something.',
      examples: ['weighbridge try'],
      declare: (command) => command.argument('[words...]').option('--to <store>').option('--many <it>'),
      load: async () => ({ run }),
    },
  ];
}
