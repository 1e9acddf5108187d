import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { IAMClient } from '@aws-sdk/client-iam';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { ulid } from 'ulid';
import { stringify } from 'yaml';
import { bucketName, ciRoleName } from '../../lib/contract/cloud/resource-names.ts';
import { type AttemptPlace, reportKey, submissionKey } from '../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import type { Access } from '../../lib/core/manifest/manifest.ts';
import type { StageReport } from '../../lib/core/stage/report.ts';
import { runId } from '../../lib/core/stage/run-progress.ts';
import { sharedBundles } from '../servers/shared-bundles.ts';
import { type AwsEmulator, startAwsEmulator } from '../servers/start-aws-emulator.ts';
import { type Cdk, type CommandOptions, cdk, type StackOutputs } from './cdk.ts';
import { clientSettings } from './client-settings.ts';
import { createRole } from './create-role.ts';
import { eventually } from './eventually.ts';
import { type EndedExecution, executionsOf, waitForExecution } from './executions.ts';
import { type ProgramResult, runProgram } from './run-program.ts';
import { runStory } from './run-story.ts';

/** Keys of a session of a role. */
export interface SessionKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A run that was waited for. */
export interface SubmittedRun extends ProgramResult {
  readonly report: StageReport;
  readonly place: AttemptPlace;
}

export interface SubmitOptions {
  /** @default 'models' */
  readonly publisher?: string;
  /** What is put beside the manifest, by name. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** What the command must end with. @default 0 */
  readonly exit?: number;
}

/** A role that may take those of publishers. */
const people = 'people';
/** Seconds that a run may take here. */
const runLimit = 120;

/**
 * The project's stacks on an emulator that evaluates IAM, deployed by the CDK's command line from a weighbridge.yaml, and
 * its program beside it, which talks to that deployment as a publisher does.
 */
export class DeployedMirror {
  readonly emulator: AwsEmulator;
  readonly folder: string;
  readonly s3: S3Client;
  readonly sfn: SFNClient;
  readonly iam: IAMClient;
  readonly logs: CloudWatchLogsClient;
  /** Of the stacks that were deployed last. */
  outputs: StackOutputs = {};
  readonly #name: string;
  readonly #bundles: string;
  readonly #sessions = new Map<string, Promise<SessionKeys>>();
  #folders = 0;

  private constructor(emulator: AwsEmulator, bundles: string, folder: string, name: string) {
    this.emulator = emulator;
    this.#bundles = bundles;
    this.folder = folder;
    this.#name = name;
    const settings = clientSettings(emulator);
    this.s3 = new S3Client(settings);
    this.sfn = new SFNClient(settings);
    this.iam = new IAMClient(settings);
    this.logs = new CloudWatchLogsClient(settings);
  }

  /** Synthesised by the first command after `configure`; what that wrote is what the next ones take. */
  get app(): Cdk {
    const output = this.#assembly;
    const written = existsSync(join(output, 'manifest.json'));
    return cdk(this.emulator, { app: written ? output : 'node test/cloud/mirror-app.ts', output });
  }

  /**
   * An emulator with the CDK's own stack in it; nothing is deployed yet.
   * @param name `cloud.name`
   * @param account that of emulators by default
   */
  static async start(name: string, account?: string): Promise<DeployedMirror> {
    const folder = await mkdtemp(join(tmpdir(), 'weighbridge-cloud-'));
    const [emulator, bundles] = await Promise.all([
      startAwsEmulator({ auth: true, ...(account === undefined ? {} : { account }) }),
      sharedBundles(),
    ]);
    const iam = new IAMClient(clientSettings(emulator));
    await createRole(iam, people, emulator.account, [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }]);
    iam.destroy();
    const mirror = new DeployedMirror(emulator, bundles, folder, name);
    await mirror.app.bootstrap();
    return mirror;
  }

  async stop(): Promise<void> {
    for (const client of [this.s3, this.sfn, this.iam, this.logs]) client.destroy();
    await this.emulator.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Writes weighbridge.yaml; account, region and name are filled in. */
  async configure(configuration: { readonly cloud?: object } & Readonly<Record<string, unknown>>): Promise<void> {
    const { account, region } = this.emulator;
    const cloud = { name: this.#name, account, region, ...configuration.cloud };
    await writeFile(this.#configuration, stringify({ ...configuration, cloud }));
    await rm(this.#assembly, { recursive: true, force: true });
  }

  /** @returns what the command printed. @throws CdkFailed */
  async deploy(stacks: string | readonly string[] = this.#name, more: readonly string[] = []): Promise<string> {
    const { outputs, text } = await this.app.deploy(stacks, { ...this.context, more });
    this.outputs = { ...this.outputs, ...outputs };
    return text;
  }

  /** What the app is told by `--context`. */
  get context(): Pick<CommandOptions, 'context'> {
    return { context: { config: this.#configuration, bundles: this.#bundles } };
  }

  /** An output of the stack in AWS. */
  output(name: string): string {
    const value = this.outputs[this.#name]?.[name];
    if (value === undefined) throw new Error(`the stack ${this.#name} has no output ${name}`);
    return value;
  }

  bucket(purpose: 'public' | 'private' | 'state'): string {
    const { account, region } = this.emulator;
    return bucketName(purpose, { name: this.#name, account, region });
  }

  /** A session of the role that `submit` of a publisher runs with. */
  keysOf(publisher: string): Promise<SessionKeys> {
    const known = this.#sessions.get(publisher) ?? this.#assume(publisher);
    this.#sessions.set(publisher, known);
    return known;
  }

  /** Everything that a client of the AWS SDK takes. */
  async settingsOf(publisher: string) {
    return { ...clientSettings(this.emulator), credentials: await this.keysOf(publisher) };
  }

  /**
   * Runs the program.
   * @param publisher whose role it has; without, it is the account's root
   */
  async weighbridge(
    argv: readonly string[],
    { publisher, cwd = this.folder }: { readonly publisher?: string; readonly cwd?: string } = {},
  ): Promise<ProgramResult> {
    const keys: SessionKeys = publisher === undefined ? this.emulator.credentials : await this.keysOf(publisher);
    const env = {
      PATH: process.env.PATH,
      HOME: this.folder,
      ...this.emulator.environment,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
    };
    return await runProgram(argv, { cwd, env });
  }

  /**
   * `weighbridge submit --wait` of a manifest.
   * @throws Error when it does not end as it should, with what the execution and the functions say about it
   */
  async submit(
    manifest: object,
    { publisher = 'models', files = {}, exit = 0 }: SubmitOptions = {},
  ): Promise<SubmittedRun> {
    this.#folders += 1;
    const cwd = join(this.folder, `submitted-${this.#folders}`);
    await mkdir(cwd);
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(cwd, name), bytes);
    await writeFile(join(cwd, 'manifest.yaml'), stringify({ weighbridge: 1, ...manifest }));
    const argv = ['submit', 'manifest.yaml', '--publisher', publisher, '--config', this.#configuration, '--wait'];
    const limit = ['--timeout', `${runLimit}s`, '--progress', 'none', '--json', '--report', 'report.json'];
    const result = await this.weighbridge([...argv, ...limit], { publisher, cwd });
    const document = await readFile(join(cwd, 'report.json'), 'utf8').catch(() => '{}');
    const { waiting, ...report } = JSON.parse(document) as StageReport & { readonly waiting?: readonly AttemptPlace[] };
    const { run, attempt } = waiting?.[0] ?? report;
    const place = { publisher, run, attempt };
    if (result.code !== exit || report.state === undefined) {
      const story = run === undefined ? '' : await this.story(place);
      throw new Error(`submit ended with ${result.code}, not ${exit}\n${result.stdout}\n${result.stderr}\n${story}`);
    }
    return { ...result, report, place };
  }

  /** Puts a manifest as the role of a publisher could, past all that the program checks before it submits. */
  async put(manifest: object, publisher = 'models', attempt = ulid()): Promise<AttemptPlace> {
    const content = Buffer.from(stringify({ weighbridge: 1, ...manifest }));
    const { access } = manifest as { readonly access: Access };
    const place = { publisher, run: runId(Sha256.ofBytes(content), `s3://${this.bucket(access)}`), attempt };
    const submission = {
      ...{ format: 1, kind: 'manifest', file: 'manifest.yaml', content: content.toString('base64') },
      ...{ submittedAt: new Date().toISOString(), weighbridge: '0.1.0' },
    };
    const client = new S3Client(await this.settingsOf(publisher));
    const Body = JSON.stringify(submission);
    await client.send(new PutObjectCommand({ Bucket: this.bucket('state'), Key: submissionKey(place), Body }));
    client.destroy();
    return place;
  }

  /** Waits for the report of a run. @throws Error that tells what the run did instead. */
  async report(place: AttemptPlace): Promise<StageReport> {
    try {
      return await eventually('a report', () => this.findReport(place), { seconds: runLimit, everyMs: 200 });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${await this.story(place)}`);
    }
  }

  /** The report of a run, if there is one. */
  findReport(place: AttemptPlace): Promise<StageReport | undefined> {
    return this.#read(reportKey(place));
  }

  /** The executions that were started for an attempt, ended. */
  async executions(place: AttemptPlace): Promise<readonly EndedExecution[]> {
    const arns = await executionsOf(this.sfn, this.output('StateMachine'));
    const found = await Promise.all(
      arns.map(async (executionArn) => {
        const { input = '' } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
        return input.includes(submissionKey(place)) ? [executionArn] : [];
      }),
    );
    return await Promise.all(found.flat().map((arn) => waitForExecution(this.sfn, arn, runLimit)));
  }

  /** The one execution of an attempt, ended. */
  async execution(place: AttemptPlace): Promise<EndedExecution> {
    const [one, ...others] = await eventually(`an execution of ${place.attempt}`, async () => {
      const found = await this.executions(place);
      return found.length === 0 ? undefined : found;
    });
    if (one === undefined || others.length > 0)
      throw new Error(`attempt ${place.attempt} has ${others.length + 1} executions`);
    return one;
  }

  /** What Step Functions and the functions say about a run, for messages of failed tests. */
  story(place: AttemptPlace): Promise<string> {
    return runStory(this, this.output('StateMachine'), place);
  }

  /** Keys of a bucket of the deployment. */
  async keys(purpose: 'public' | 'private' | 'state', Prefix = ''): Promise<readonly string[]> {
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: this.bucket(purpose), Prefix }));
    return Contents.flatMap(({ Key }) => Key ?? []);
  }

  async #read(Key: string): Promise<StageReport | undefined> {
    try {
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket('state'), Key }));
      return JSON.parse((await Body?.transformToString()) ?? '') as StageReport;
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  async #assume(publisher: string): Promise<SessionKeys> {
    const { region, credentials } = this.emulator;
    const role = ciRoleName('submit', publisher, { name: this.#name, region }, '');
    return await this.#session(role, await this.#session(people, credentials));
  }

  async #session(role: string, credentials: SessionKeys): Promise<SessionKeys> {
    const sts = new STSClient({ ...clientSettings(this.emulator), credentials });
    const RoleArn = `arn:aws:iam::${this.emulator.account}:role/${role}`;
    const { Credentials: keys } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }));
    sts.destroy();
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = keys ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }

  get #assembly(): string {
    return join(this.folder, 'cdk.out');
  }

  get #configuration(): string {
    return join(this.folder, 'weighbridge.yaml');
  }
}

/** ARN of the role that may take those of publishers, for `principals:`. */
export function peopleArn(account = '000000000000'): string {
  return `arn:aws:iam::${account}:role/${people}`;
}
