import { Command, Option } from 'commander';
import type { CommandInput } from './command-context.ts';
import type { CommandDeclaration } from './declarations.ts';
import { programHelp } from './help-text.ts';
import { collect, parseOrigin } from './option-values.ts';

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly progress: ProgressMode;
  readonly config: string | undefined;
  readonly trustOrigin: readonly string[];
}

export type ProgressMode = 'auto' | 'plain' | 'json' | 'none';

/** What the command line asks for. */
export interface Invocation {
  readonly declaration: CommandDeclaration;
  readonly global: GlobalOptions;
  readonly input: CommandInput;
}

/** Where help goes when it was asked for. */
export interface HelpOutput {
  writeOut(text: string): void;
  /** Columns to wrap at. */
  readonly columns: number | undefined;
}

/**
 * The whole command line as commander sees it. Nothing that it loads may be heavy: `--help` waits for it.
 * @param invoked receives what was asked for, at most once.
 * Errors and `--help` leave `parse` as a CommanderError; the messages of errors are the caller's to write.
 */
export function createProgram(
  declarations: readonly CommandDeclaration[],
  version: string,
  output: HelpOutput,
  invoked: (invocation: Invocation) => void,
): Command {
  const program = new Command('weighbridge')
    .description('Mirror model weights: a manifest becomes a proven, versioned release that programs can trust.')
    .usage('COMMAND [ARGUMENT]... [OPTION]...')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'show help, also of one command')
    .helpCommand(false)
    .option('--json', 'exactly one JSON document on stdout, also for errors')
    .addOption(
      new Option('--progress <how>', 'how to show progress, on stderr')
        .choices(['auto', 'plain', 'json', 'none'])
        .default('auto'),
    )
    .option('--config <file>', 'configuration (default: the nearest weighbridge.yaml up to the Git root)')
    .option(
      '--trust-origin <origin>',
      'allow plain http and private addresses for exactly this origin (repeatable)',
      collect(parseOrigin),
    )
    .addHelpText('after', programHelp)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => output.writeOut(text),
      // Without a command commander would show all of its help as an error; one line says it.
      writeErr: () => {},
      outputError: () => {},
      getOutHelpWidth: () => output.columns ?? 100,
      getErrHelpWidth: () => output.columns ?? 100,
    });
  for (const declaration of declarations) addCommand(program, declaration, invoked);
  return program;
}

function addCommand(program: Command, declaration: CommandDeclaration, invoked: (it: Invocation) => void): void {
  const command = declaration
    .declare(program.command(declaration.name))
    .summary(declaration.summary)
    .description(`${declaration.detail}`)
    .helpOption('--help', 'show this help')
    .addHelpText('after', ['', 'Examples:', ...declaration.examples.map((example) => `  $ ${example}`)].join('\n'));
  command.action(() => {
    const global = program.opts();
    invoked({
      declaration,
      global: {
        json: global.json === true,
        progress: global.progress,
        config: global.config,
        trustOrigin: global.trustOrigin ?? [],
      },
      input: { args: command.args, options: command.opts() },
    });
  });
}
