import { delimiter, dirname, join } from 'node:path';
import type { S3Credentials } from './server-access.ts';
import { installedFile } from './server-programs.ts';
import { type RunningServer, startServer } from './start-server.ts';

/** An emulator of AWS that was started for tests. */
export interface AwsEmulator extends RunningServer {
  readonly region: string;
  readonly account: string;
  /** Of the account's root, which may do everything, also where policies are evaluated. */
  readonly credentials: S3Credentials;
  /** The variables that lead a program's AWS clients here and nowhere else. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface AwsEmulatorOptions {
  /**
   * Evaluates IAM: functions run as their role, and bucket and session policies count. The roles of state machines and
   * of rules are not evaluated.
   * @default false
   */
  readonly auth?: boolean;
  /**
   * Patches of `test/servers/ministack/patches` to leave out, to see what they are for.
   * @default none
   */
  readonly without?: readonly string[];
  /**
   * Of 12 digits. An access policy names none that is all zeros.
   * @default '000000000000'
   */
  readonly account?: string;
}

const region = 'us-east-1';
const usual: S3Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const modules = join(import.meta.dirname, '../../node_modules');

/**
 * MiniStack with the project's patches: CloudFormation, S3, Lambda, Step Functions, EventBridge, IAM, CloudFront and
 * others at one address. Everything it holds is in memory and in its folder, so that several can run at once.
 */
export async function startAwsEmulator(options: AwsEmulatorOptions = {}): Promise<AwsEmulator> {
  const { auth = false, without = [], account = '000000000000' } = options;
  // The root user of an account has its number for a key; that of the usual one has another name, too.
  const credentials = options.account === undefined ? usual : { ...usual, accessKeyId: account };
  const server = await startServer({
    name: 'ministack',
    program: join(dirname(installedFile('ministack')), 'python'),
    args: () => [join(import.meta.dirname, 'ministack/launch.py'), ...without.flatMap((name) => ['--without', name])],
    env: (folder, port) => ({ ...serverEnvironment(folder, port, auth), MINISTACK_ACCOUNT_ID: account }),
    health: '/_ministack/health',
  });
  return { ...server, region, account, credentials, environment: clientEnvironment(server, credentials) };
}

/** Functions inherit all of it: what leads clients to an endpoint has no place here, MiniStack adds its own. */
function serverEnvironment(folder: string, port: number, auth: boolean): Readonly<Record<string, string>> {
  return {
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    // By this name it recognises the hosts of buckets and distributions.
    MINISTACK_HOST: 'localhost',
    IOT_MTLS_ENABLED: '0',
    AUTH: String(auth),
    AWS_SECRET_ACCESS_KEY: usual.secretAccessKey,
    STATE_DIR: join(folder, 'state'),
    S3_DATA_DIR: join(folder, 's3'),
    // Functions run on this Node, and find the AWS SDK that Lambda's runtime has.
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    NODE_PATH: modules,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
}

function clientEnvironment({ url }: RunningServer, credentials: S3Credentials): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
