import { type ExitCode, exitCodes } from '../contract/exit-codes.ts';
import { systemClock } from '../core/clock.ts';
import type { WeighbridgeError } from '../core/errors.ts';
import { hideSecrets, hideUrlSecrets } from '../core/scrub.ts';
import { misleadingVariables } from './cloud-environment.ts';
import { createContext } from './context.ts';
import { type CommandDeclaration, declarations } from './declarations.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { asWeighbridgeError, errorDocument, errorLines, exitCodeOf, Unexpected } from './error-output.ts';
import { interruptible, type SignalSource } from './interrupt.ts';
import { packageVersion } from './package-version.ts';
import { createProgram, type Invocation, type ProgressMode } from './program.ts';
import type { ProgressStream } from './progress/progress.ts';
import type { Variables } from './variables.ts';

/** Variables whose values are shown nowhere; `credentials` in weighbridge.yaml names more. */
const secretVariables = [
  ...['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'GITHUB_TOKEN'],
  ...['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  ...['WEIGHBRIDGE_TOKEN', 'WEIGHBRIDGE_ID_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'],
];

/** The process around the command line, so that a test can stand in for it. */
export interface Surroundings {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly variables: Variables;
  /** Absolute. */
  readonly cwd: string;
  readonly stdout: ProgressStream;
  readonly stderr: ProgressStream;
  readonly signals: SignalSource;
  /** Ends the process at once. */
  leave(code: number): void;
}

/**
 * Runs one command line. Never throws; everything that went wrong is said, and is in the exit code.
 * @param commands those that exist
 */
export async function main(around: Surroundings, commands = declarations): Promise<ExitCode> {
  const json = asksForJson(around.argv);
  let environment: Environment | undefined;
  let progressMode: ProgressMode | undefined;
  const secrets = new Set(secretVariables);
  const hidden = (text: string) =>
    hideSecrets(
      text,
      [...secrets].map((name) => around.variables[name]?.trim()),
    );
  try {
    const invocation = parseCommandLine(around, commands);
    if (invocation === undefined) return exitCodes.done;
    progressMode = invocation.global.progress;
    environment = readEnvironment(around.variables);
    return await runCommand(around, invocation, { environment, secrets, hidden });
  } catch (thrown) {
    const error = asWeighbridgeError(thrown);
    report(error, json, { around, progressMode, hidden });
    if (error instanceof Unexpected && environment?.debug) {
      around.stderr.write(`${hidden(hideUrlSecrets(stackOf(error)))}\n`);
    }
    return exitCodeOf(error);
  }
}

/** The command line of this process. Ends it when the work is done, whatever a library may still hold open. */
export async function runProcess(): Promise<void> {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) stream.on('error', ignoreClosedPipe);
  const variables = { ...process.env };
  // Here, before any SDK is loaded: they read the process's own variables.
  for (const name of misleadingVariables(variables)) delete process.env[name];
  silenceLookups();
  process.once('beforeExit', endedEarly);
  const code = await main({
    argv: process.argv.slice(2),
    variables,
    cwd: process.cwd(),
    stdout,
    stderr,
    signals: process,
    leave: (code) => process.exit(code),
  });
  process.exitCode = code;
  // Only when everything written has reached the pipe.
  stdout.write('', () => stderr.write('', () => process.exit()));
}

/** Node ends a process in which nothing is left to wait for, with 0, also in the middle of an await. */
function endedEarly(): void {
  process.stderr.write('error: the program stopped before its work was done; this is a defect of the program\n');
  process.exit(exitCodes.failed);
}

/**
 * Where no machine of Google's answers, Google's library writes a warning of its own beside the error that says so
 * (gcp-metadata, `isAvailable`; it depends on how the network refuses).
 */
function silenceLookups(): void {
  const emit = process.emitWarning.bind(process) as (...given: unknown[]) => void;
  process.emitWarning = (...given: unknown[]) => {
    if (given[1] !== 'MetadataLookupWarning') emit(...given);
  };
}

interface Running {
  readonly environment: Environment;
  /** Names of variables whose values are hidden; grows with what weighbridge.yaml names. */
  readonly secrets: Set<string>;
  hidden(text: string): string;
}

async function runCommand(around: Surroundings, invocation: Invocation, running: Running): Promise<ExitCode> {
  const { environment, secrets, hidden } = running;
  const [{ loadConfiguration }, { openProgress }, { run }] = await Promise.all([
    import('./configuration.ts'),
    import('./progress/progress.ts'),
    invocation.declaration.load(),
  ]);
  const { global, input } = invocation;
  const configuration = await loadConfiguration({
    cwd: around.cwd,
    file: global.config,
    trustedOrigins: global.trustOrigin,
  });
  for (const { variable } of configuration.credentials) secrets.add(variable);
  const progress = await openProgress(global.progress, {
    stream: around.stderr,
    clock: systemClock,
    colour: !environment.noColor,
    ci: environment.ci,
    term: environment.term,
  });
  const writeError = (text: string): void =>
    progress.above(() => around.stderr.write(forStderr(hidden(text), global.progress)));
  const interruption = interruptible(around.signals, (line) => writeError(`${line}\n`), around.leave);
  const { context, close } = createContext({
    cwd: around.cwd,
    json: global.json,
    environment,
    configuration,
    clock: systemClock,
    progress,
    signal: interruption.signal,
    writeOut: (text) => around.stdout.write(text),
    writeError,
  });
  try {
    const code = await run(context, input);
    return interruption.signal.aborted && code === exitCodes.failed ? exitCodes.interrupted : code;
  } catch (error) {
    // Whatever the interruption made fail, the interruption is what happened.
    throw interruption.signal.aborted ? interruption.signal.reason : error;
  } finally {
    interruption.release();
    await close();
  }
}

/** Undefined when help or the version was asked for and has been shown. */
function parseCommandLine(around: Surroundings, commands: readonly CommandDeclaration[]): Invocation | undefined {
  let invocation: Invocation | undefined;
  const output = {
    writeOut: (text: string) => around.stdout.write(text),
    columns: around.stdout.columns,
  };
  const program = createProgram(commands, packageVersion(), output, (it) => {
    invocation = it;
  });
  const [first, ...rest] = around.argv;
  try {
    program.parse(first === 'help' ? [...rest, '--help'] : around.argv, { from: 'user' });
  } catch (error) {
    if ((error as { exitCode?: number }).exitCode === 0) return undefined;
    throw error;
  }
  return invocation;
}

/** With `--progress json` every line of stderr is one JSON document, what is said besides the events too. */
function forStderr(text: string, mode: ProgressMode | undefined): string {
  if (mode !== 'json') return text;
  const at = systemClock.now().toISOString();
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((message) => `${JSON.stringify({ at, type: 'note', message })}\n`).join('');
}

interface ReportTo {
  readonly around: Surroundings;
  readonly progressMode: ProgressMode | undefined;
  hidden(text: string): string;
}

function report(error: WeighbridgeError, json: boolean, { around, progressMode, hidden }: ReportTo): void {
  if (json) {
    around.stdout.write(`${hidden(JSON.stringify(errorDocument(error), undefined, 2))}\n`);
    return;
  }
  for (const line of errorLines(error)) {
    around.stderr.write(forStderr(`${hidden(line)}\n`, progressMode));
  }
}

/** Also when the command line itself cannot be parsed. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}

function stackOf(error: Unexpected): string {
  const { cause } = error;
  return (cause instanceof Error ? cause.stack : undefined) ?? error.stack ?? error.message;
}

/** A reader that went away, as in `weighbridge ls | head -1`: the work goes on, and its exit code is the truth. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
