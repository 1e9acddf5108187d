import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCredentials, type S3Credentials, type S3Server } from './server-access.ts';
import { installedFile } from './server-programs.ts';
import { signedForm } from './sign-request.ts';
import { type RunningServer, startServer } from './start-server.ts';
import { startVersitygw, type VersitygwOptions, versitygwEnv } from './start-versitygw.ts';

/** One statement of an IAM policy. */
export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface S3ServerWithUsers extends S3Server {
  /** Makes an IAM user that may do what the statements allow and nothing else. */
  createUser(name: string, policy: readonly PolicyStatement[]): Promise<S3Credentials>;
  /** Gives a user another policy, at once. */
  setPolicy(name: string, policy: readonly PolicyStatement[]): Promise<void>;
}

/** versitygw with its own identity service, which enforces the policies of users. Root may do everything. */
export async function startVersitygwWithUsers(
  options: Omit<VersitygwOptions, 'identities'> = {},
): Promise<S3ServerWithUsers> {
  const identities = await startServer({
    name: 'versitygw-iam',
    program: installedFile('versitygw'),
    args: (port, folder) => [
      ...['--port', `127.0.0.1:${port}`, '--health', '/healthz', 'iam', '--quiet'],
      ...['--dir', join(folder, 'iam'), '--private-ports', join(folder, 'socket')],
    ],
    env: () => versitygwEnv,
    prepare: async (folder) => {
      await mkdir(join(folder, 'iam'));
    },
    health: '/healthz',
  });
  const server = await startVersitygw({ ...options, identities: join(identities.folder, 'socket') }).catch(
    async (error) => {
      await identities.stop();
      throw error;
    },
  );
  const setPolicy = async (name: string, policy: readonly PolicyStatement[]) => {
    const document = JSON.stringify({ Version: '2012-10-17', Statement: policy });
    await call(identities, { Action: 'PutUserPolicy', UserName: name, PolicyName: 'only', PolicyDocument: document });
  };
  return {
    ...server,
    setPolicy,
    async createUser(name, policy) {
      await call(identities, { Action: 'CreateUser', UserName: name });
      const key = await call(identities, { Action: 'CreateAccessKey', UserName: name });
      await setPolicy(name, policy);
      return { accessKeyId: element(key, 'AccessKeyId'), secretAccessKey: element(key, 'SecretAccessKey') };
    },
    async stop() {
      await server.stop();
      await identities.stop();
    },
  };
}

async function call(identities: RunningServer, parameters: Readonly<Record<string, string>>): Promise<string> {
  const url = new URL(identities.url);
  const body = new URLSearchParams({ Version: '2010-05-08', ...parameters }).toString();
  const headers = signedForm(url, body, 'iam', 'us-east-1', rootCredentials);
  const response = await fetch(url, { method: 'POST', body, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${parameters.Action} answered ${response.status}: ${text}`);
  return text;
}

function element(xml: string, name: string): string {
  const value = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (value === undefined) throw new Error(`no ${name} in the answer of the identity service`);
  return value;
}
