import { IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsEmulator } from '../servers/start-aws-emulator.ts';
import { clientSettings } from './client-settings.ts';
import { createUser } from './create-user.ts';
import type { SessionKeys } from './deployed-mirror.ts';

/** An answer of the access API. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * A GET of a deployed access API, by a path such as `/v1/registry`, redirects not followed.
 * @param url one of the stack's outputs `AccessUrl` and `IamAccessUrl`, whose host an emulator knows by a path
 */
export async function askApi(
  emulator: AwsEmulator,
  url: string,
  path: string,
  credential: { readonly bearer?: string; readonly signedBy?: SessionKeys } = {},
  method = 'GET',
): Promise<Answered> {
  const at = new URL(`${apiAt(emulator, url)}${path}`);
  const { bearer, signedBy } = credential;
  const headers = {
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(signedBy === undefined ? {} : await signature(emulator.region, method, at, signedBy)),
  };
  const answer = await fetch(at, { method, headers, redirect: 'manual' });
  return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
}

/** Where the emulator answers for an API of which the stack tells the address. */
export function apiAt(emulator: AwsEmulator, url: string): string {
  const { hostname, pathname } = new URL(url);
  const [api = ''] = hostname.split('.');
  return `${emulator.url}/_aws/execute-api/${api}/$default${pathname}`;
}

async function signature(
  region: string,
  method: string,
  url: URL,
  credentials: SessionKeys,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    ...{ region, service: 'execute-api', sha256: Hash.bind(null, 'sha256') },
    credentials: { ...credentials },
  });
  const { host, hostname, pathname: path, searchParams } = url;
  const query = Object.fromEntries(searchParams);
  const signed = await signer.sign({ method, protocol: 'http:', hostname, path, query, headers: { host } });
  const { host: _, ...headers } = signed.headers;
  return headers;
}

/** A user of another account, who may do there what the actions say. @param name new in that account */
export async function userOfOther(
  emulator: AwsEmulator,
  account: string,
  name = 'consumer',
  Action: string | readonly string[] = 'sts:AssumeRole',
): Promise<SessionKeys> {
  // The root user of another account has its number for a key.
  const root = { accessKeyId: account, secretAccessKey: emulator.credentials.secretAccessKey };
  const iam = new IAMClient({ ...clientSettings(emulator), credentials: root });
  const user = await createUser(iam, name, [{ Effect: 'Allow', Action, Resource: '*' }]);
  iam.destroy();
  return user;
}

/** A session of a role. @throws AccessDenied where its trust, or the taker's own account, does not let it */
export async function takeRole(emulator: AwsEmulator, RoleArn: string, credentials: SessionKeys): Promise<SessionKeys> {
  const sts = new STSClient({ ...clientSettings(emulator), credentials });
  try {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'job' }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  } finally {
    sts.destroy();
  }
}
