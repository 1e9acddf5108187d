import { readFile, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { AwsEmulator } from '../servers/start-aws-emulator.ts';
import { CdkFailed, runCdkCommand } from './cdk-command.ts';

export interface CdkOptions {
  /** What `--app` is: a command line, or a folder that `synth` wrote. */
  readonly app: string;
  /** The folder for the cloud assembly. Each app of a test has its own: a CDK command locks it. */
  readonly output: string;
  /**
   * Where the command runs; its cdk.json, if any, counts.
   * @default the project
   */
  readonly cwd?: string;
  /**
   * Should every command first run what cdk.json says under `build`? It would, where the app is a folder, too.
   * @default false
   */
  readonly build?: boolean;
  /**
   * Seconds after which a command is ended: a custom resource that never answers keeps one waiting for an hour.
   * @default 180
   */
  readonly timeLimit?: number;
}

export interface CommandOptions {
  /** `--context`; it does nothing where the app is a folder. */
  readonly context?: Readonly<Record<string, string>>;
  /** Further options, word by word. */
  readonly more?: readonly string[];
  /** Seconds; @default that of the app. */
  readonly timeLimit?: number;
}

/** Outputs of stacks by name, as `--outputs-file` gives them. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Deployment {
  readonly outputs: StackOutputs;
  /** What the command printed. */
  readonly text: string;
}

/** The CDK's command line, talking to an emulator and to nothing else. Every method throws CdkFailed. */
export interface Cdk {
  /** Makes the CDK's own stack; once per emulator, before the first deployment. */
  bootstrap(options?: CommandOptions): Promise<string>;
  synth(options?: CommandOptions): Promise<string>;
  deploy(stacks: string | readonly string[], options?: CommandOptions): Promise<Deployment>;
  /** @returns the text of the differences */
  diff(stack: string, options?: CommandOptions): Promise<string>;
  destroy(stacks: string | readonly string[], options?: CommandOptions): Promise<string>;
}

const root = join(import.meta.dirname, '../..');
const program = [
  ...['--require', join(import.meta.dirname, 'quick-polls.cjs')],
  join(root, 'node_modules/aws-cdk/bin/cdk'),
];
// A port that nobody listens on. What is not for the emulator fails instead of reaching the network.
const nowhere = 'http://127.0.0.1:9';

/** Drives an app's stacks against an emulator. */
export function cdk(
  emulator: AwsEmulator,
  { app, output, cwd = root, build = false, timeLimit = 180 }: CdkOptions,
): Cdk {
  const run = (args: readonly string[], options: CommandOptions, folder = cwd) =>
    runCdkCommand({
      program,
      args: [
        ...args,
        ...always,
        ...(build ? [] : ['--build=']),
        ...words('--context', options.context),
        ...(options.more ?? []),
      ],
      cwd: folder,
      env: environment(emulator),
      timeLimit: options.timeLimit ?? timeLimit,
    });
  const ofApp = (
    command: string,
    stacks: string | readonly string[],
    args: readonly string[],
    options: CommandOptions,
  ) => run([command, ...[stacks].flat(), '--app', app, '--output', output, ...args], options);
  return {
    // Not where a cdk.json is: its app would be run as well, though nothing is asked of it.
    bootstrap: (options = {}) =>
      run(['bootstrap', `aws://${emulator.account}/${emulator.region}`], options, emulator.folder),
    synth: (options = {}) => ofApp('synth', [], ['--quiet'], options),
    async deploy(stacks, options = {}) {
      // Beside the assembly: a folder of which nothing is known would be refused as an assembly.
      const file = `${output}.outputs.json`;
      const args = ['--require-approval', 'never', '--progress', 'events', '--outputs-file', file];
      try {
        const text = await ofApp('deploy', stacks, args, options);
        return { text, outputs: JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as StackOutputs };
      } finally {
        await rm(file, { force: true });
      }
    },
    diff: (stack, options = {}) => ofApp('diff', stack, [], options),
    async destroy(stacks, options = {}) {
      const text = await ofApp('destroy', stacks, ['--force'], options);
      // For other commands this is a failure already.
      if (text.includes('No stacks match')) throw new CdkFailed('cdk destroy found no such stack', text);
      return text;
    },
  };
}

const always = ['--no-notices', '--no-color', '--no-version-reporting', '--ci'];

function words(option: string, values: Readonly<Record<string, string>> = {}): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
}

function environment(emulator: AwsEmulator): Readonly<Record<string, string | undefined>> {
  return {
    ...emulator.environment,
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    // Caches and settings of the CDK and of AWS clients lie there and go with the emulator.
    HOME: emulator.folder,
    TMPDIR: emulator.folder,
    // Two thirds of what synthesis costs; tests of templates hold them to the rules.
    CDK_VALIDATION: 'false',
    CDK_DISABLE_VERSION_CHECK: '1',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    NO_COLOR: '1',
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: '127.0.0.1,localhost',
  };
}
