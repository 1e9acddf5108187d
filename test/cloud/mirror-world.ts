import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Storage } from '@google-cloud/storage';
import { gcsRoleName, gcsWriters } from '../../lib/contract/cloud/resource-names.ts';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import { createGcsStorage } from '../../lib/core/stores/create-gcs-storage.ts';
import { type FaultProxy, startFaultProxy } from '../servers/fault-proxy.ts';
import { newToken, type RunningTokenService, startTokenService } from '../servers/google-token-service.ts';
import type { GcsServer } from '../servers/server-access.ts';
import { startFakeGcs } from '../servers/start-fake-gcs.ts';
import { plainAnswer } from '../upstream/answer.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { callerInEmulator } from './caller-in-emulator.ts';
import { clientSettings } from './client-settings.ts';
import { DeployedMirror, peopleArn } from './deployed-mirror.ts';

const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/weighbridge/providers/aws';
/** In Cloud Storage, by the access of what is in them. */
export const gcsBuckets = { public: 'weights-copies', private: 'weights-copies-private' } as const;
const name = 'weights';
/** A bucket of somebody else, granted for private releases. */
export const vendorBucket = 'vendor-models';
/** What the origin with the token asks for. */
const secretToken = 'token-for-private';

/**
 * A deployment with everything around it: upstreams on loopback, Cloud Storage on fake-gcs-server, and a token service
 * that asks the emulator's STS who comes. Passes have fifteen seconds, of which they work eleven.
 */
export class MirrorWorld {
  readonly mirror: DeployedMirror;
  readonly upstream: Upstream;
  /** Gives only to who shows a token, which is granted for private releases. */
  readonly guarded: Upstream;
  /** Not named in weighbridge.yaml. */
  readonly stranger: Upstream;
  readonly gcs: GcsServer;
  /** In front of it. */
  readonly gcsLine: FaultProxy;
  readonly tokens: RunningTokenService;

  private constructor(world: Omit<MirrorWorld, 'configuration' | 'storage' | 'stop' | 'file'>) {
    this.mirror = world.mirror;
    this.upstream = world.upstream;
    this.guarded = world.guarded;
    this.stranger = world.stranger;
    this.gcs = world.gcs;
    this.gcsLine = world.gcsLine;
    this.tokens = world.tokens;
  }

  /** Starts all of it, and deploys. */
  static async start(): Promise<MirrorWorld> {
    const [mirror, gcs] = await Promise.all([DeployedMirror.start(name), startFakeGcs()]);
    const { emulator } = mirror;
    const [upstream, guarded, stranger] = [await startUpstream(), await startUpstream(), await startUpstream()];
    guarded.mount(({ headers }) =>
      headers.authorization === `Bearer ${secretToken}` ? undefined : plainAnswer(401, 'who are you?\n'),
    );
    const gcsLine = await startFaultProxy(gcs.url);
    const token = newToken();
    const roles = gcsWriters.map((purpose) => gcsRoleName(purpose, { name, region: emulator.region }, ''));
    const tokens = await startTokenService({
      audience: provider,
      caller: callerInEmulator(emulator),
      admits: (arn) => roles.some((role) => arn.startsWith(`arn:aws:sts::${emulator.account}:assumed-role/${role}/`)),
      tokenOf: () => token,
    });
    const world = new MirrorWorld({ mirror, upstream, guarded, stranger, gcs, gcsLine, tokens });
    for (const bucket of Object.values(gcsBuckets)) {
      await world.storage().createBucket(bucket, { versioning: { enabled: true } });
    }
    const secrets = new SecretsManagerClient(clientSettings(emulator));
    await secrets.send(new CreateSecretCommand({ Name: 'inner', SecretString: secretToken }));
    secrets.destroy();
    await mirror.s3.send(new CreateBucketCommand({ Bucket: vendorBucket }));
    await mirror.configure(world.configuration());
    await mirror.deploy();
    return world;
  }

  configuration() {
    const { upstream, guarded, gcsLine, tokens } = this;
    return {
      cloud: {
        pipeline: { timeoutSeconds: 15, perUpstream: 50 },
        gcs: {
          project: 'my-project',
          public: { name: gcsBuckets.public },
          private: { name: gcsBuckets.private },
          workloadIdentity: { provider },
          endpoint: gcsLine.url,
          tokenEndpoint: tokens.url,
        },
      },
      publishers: {
        models: { principals: [peopleArn()], collections: ['my-*', 'copied-*'] },
        others: { principals: [peopleArn()], collections: ['other-*'] },
      },
      replicas: [{ collections: ['copied-*'], to: ['gcs'] }],
      sources: {
        hosts: ['127.0.0.1'],
        buckets: [{ bucket: `s3://${vendorBucket}`, keys: ['models/*'] }],
        tokens: { origins: [{ origin: guarded.origin, secret: 'inner', scheme: 'Bearer' }] },
      },
      trustedOrigins: [upstream.origin, guarded.origin],
    };
  }

  /** A client of the GCS server itself, past what is put in its way. */
  storage(): Storage {
    return createGcsStorage({ apiEndpoint: this.gcs.apiEndpoint, projectId: this.gcs.projectId, anonymous: true });
  }

  /** A file at upstream, and the artifact of a manifest that names it. */
  file(path: string, bytes: Uint8Array, upstream: Upstream = this.upstream) {
    upstream.put(path, bytes);
    return artifact(path.slice(1), bytes, upstream.url(path));
  }

  async stop(): Promise<void> {
    await this.mirror.stop();
    for (const upstream of [this.upstream, this.guarded, this.stranger]) await upstream.close();
    await this.gcsLine.stop();
    await this.gcs.stop();
    await this.tokens.stop();
  }
}

/** What a manifest says of a file of these bytes. */
export function artifact(file: string, bytes: Uint8Array, source: string) {
  const id = file.replaceAll('/', '_');
  return { id, kind: 'checkpoint', file, source, sha256: Sha256.ofBytes(bytes).hex, size: bytes.length };
}

/** A manifest, but for its first line. */
export function release(
  collection: string,
  artifacts: readonly object[],
  { access = 'public', version = '1.0.0' }: { readonly access?: string; readonly version?: string } = {},
) {
  return { collection, version, access, artifacts };
}

/** Puts an object into the vendor's bucket. */
export async function vendorObject({ mirror }: MirrorWorld, key: string, bytes: Uint8Array) {
  await mirror.s3.send(new PutObjectCommand({ Bucket: vendorBucket, Key: key, Body: bytes }));
  return artifact(key.split('/').at(-1) ?? key, bytes, `s3://${vendorBucket}/${key}`);
}
