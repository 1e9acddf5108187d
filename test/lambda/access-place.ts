import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { handlerVariables } from '../../lib/contract/cloud/handlers.ts';
import { policyKey } from '../../lib/contract/cloud/state-keys.ts';
import type { AccessPolicy } from '../../lib/core/access/access-policy.ts';
import type { S3Credentials } from '../../lib/core/stores/create-s3-client.ts';
import { clientSettings } from '../cloud/client-settings.ts';
import { createRole } from '../cloud/create-role.ts';
import { clientOf, makeBucket } from '../core/stores/s3-place.ts';
import { type FixtureRelease, layOutMirror } from '../fixtures/mirror.ts';
import type { AwsEmulator } from '../servers/start-aws-emulator.ts';

export const functionRole = 'mirror-access';
export const signerRole = 'mirror-signer';

/** Buckets, roles and releases of a deployment with an access API, where IAM is evaluated. */
export class AccessPlace {
  readonly client: S3Client;
  readonly stateBucket: string;
  readonly privateBucket: string;
  /** Of the function's role. */
  readonly keys: S3Credentials;
  readonly variables: Readonly<Record<string, string>>;

  private constructor(
    emulator: AwsEmulator,
    client: S3Client,
    buckets: readonly [string, string],
    keys: S3Credentials,
  ) {
    const [state, closed] = buckets;
    this.client = client;
    this.stateBucket = state;
    this.privateBucket = closed;
    this.keys = keys;
    this.variables = {
      AWS_REGION: emulator.region,
      AWS_ENDPOINT_URL: emulator.url,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken ?? '',
      [handlerVariables.stateBucket]: state,
      [handlerVariables.privateBucket]: closed,
      [handlerVariables.signerRole]: `arn:aws:iam::${emulator.account}:role/${signerRole}`,
    };
  }

  static async make(emulator: AwsEmulator): Promise<AccessPlace> {
    const { url: endpoint, region, credentials, account } = emulator;
    const client = clientOf({ endpoint, region, credentials });
    const state = await makeBucket(client);
    const closed = await makeBucket(client);
    const iam = new IAMClient(clientSettings(emulator));
    const signer = `arn:aws:iam::${account}:role/${signerRole}`;
    const allow = (Action: string, ...Resource: readonly string[]) => ({ Effect: 'Allow', Action, Resource }) as const;
    await createRole(iam, signerRole, account, [allow('s3:GetObjectVersion', `arn:aws:s3:::${closed}/*/*`)]);
    await createRole(iam, functionRole, account, [
      allow('s3:ListBucket', `arn:aws:s3:::${state}`, `arn:aws:s3:::${closed}`),
      allow('s3:GetObject', `arn:aws:s3:::${state}/${policyKey}`, `arn:aws:s3:::${closed}/registry.json`),
      allow('s3:GetObject', `arn:aws:s3:::${closed}/*/release.json`, `arn:aws:s3:::${closed}/*/objects.json`),
      allow('sts:AssumeRole', signer),
    ]);
    iam.destroy();
    const sts = new STSClient(clientSettings(emulator));
    const role = { RoleArn: `arn:aws:iam::${account}:role/${functionRole}`, RoleSessionName: 'function' };
    const { Credentials: session } = await sts.send(new AssumeRoleCommand(role));
    sts.destroy();
    return new AccessPlace(emulator, client, [state, closed], {
      accessKeyId: session?.AccessKeyId ?? '',
      secretAccessKey: session?.SecretAccessKey ?? '',
      sessionToken: session?.SessionToken ?? '',
    });
  }

  /** Puts releases where they would be published, with the versions that the bucket gave the files. */
  async publish(releases: readonly FixtureRelease[]): Promise<void> {
    const root = await mkdtemp(join(tmpdir(), 'weighbridge-access-'));
    try {
      await layOutMirror(releases, { access: 'private', root });
      for (const { collection, version, files } of releases) {
        const objects: Record<string, { version: string; etag: string }> = {};
        for (const [file, bytes] of Object.entries(files)) {
          objects[file] = await this.put(`${collection}/${version}/${file}`, Buffer.from(bytes));
        }
        await this.put(`${collection}/${version}/objects.json`, Buffer.from(JSON.stringify(objects)));
      }
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        const place = join(entry.parentPath, entry.name);
        const key = relative(root, place);
        const record = /(?:^|\/)(?:release|registry)\.json$/.test(key);
        if (record) await this.put(key, await readFile(place));
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }

  async put(Key: string, Body: Uint8Array, Bucket = this.privateBucket): Promise<{ version: string; etag: string }> {
    const { VersionId = '', ETag = '' } = await this.client.send(new PutObjectCommand({ Bucket, Key, Body }));
    return { version: VersionId, etag: ETag };
  }

  async read(Key: string, Bucket = this.privateBucket): Promise<Uint8Array> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  }

  /** The policy as the pipeline leaves it. */
  async decree(policy: AccessPolicy): Promise<void> {
    const document = {
      format: 1,
      attempt: '01J00000000000000000000000',
      publisher: 'team',
      submittedAt: new Date().toISOString(),
      sha256: 'ab'.repeat(32),
      policy,
    };
    await this.put(policyKey, Buffer.from(JSON.stringify(document)), this.stateBucket);
  }
}

/** A request as the gateway hands it to the function. */
export function gatewayEvent(rawPath: string, more: GatewayEvent = {}) {
  const { method = 'GET', query = '', headers = {}, iam, body } = more;
  const routeKey = more.routeKey ?? (rawPath.startsWith('/iam/') ? 'ANY /iam/v1/{proxy+}' : 'ANY /v1/{proxy+}');
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString: query,
    headers,
    requestContext: {
      accountId: '000000000000',
      requestId: 'JKJaXmPLvHcESHA=',
      stage: '$default',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      ...(iam === undefined
        ? {}
        : { authorizer: { iam: { ...iam, callerId: 'AROAEXAMPLE:session', accessKey: 'ASIA' } } }),
    },
    ...(body === undefined ? {} : { body: Buffer.from(body).toString('base64') }),
    isBase64Encoded: body !== undefined,
  };
}

export interface GatewayEvent {
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly routeKey?: string;
  readonly iam?: { readonly accountId: string; readonly userArn: string };
  readonly body?: string;
}
