import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Server } from '../test/servers/server-access.ts';
import { startMinio } from '../test/servers/start-minio.ts';

export const bucket = 'bench';

/** Environment in which Weighbridge and every peer find the server; rclone's remote is called `minio`. */
export function s3Variables(endpoint: string, { region, credentials }: S3Server): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    S3_ENDPOINT_URL: endpoint,
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_MINIO_TYPE: 's3',
    RCLONE_CONFIG_MINIO_PROVIDER: 'Minio',
    RCLONE_CONFIG_MINIO_ENV_AUTH: 'true',
    RCLONE_CONFIG_MINIO_REGION: region,
    RCLONE_CONFIG_MINIO_ENDPOINT: endpoint,
  };
}

/** A server with one empty, versioned bucket; a new one for each run, so that no run inherits another's load. */
export interface S3Place {
  /** Ends the server that was, and starts one. */
  renew(): Promise<void>;
  readonly endpoint: string;
  variables(endpoint?: string): Readonly<Record<string, string>>;
  /** Bytes of an object; undefined where there is none. */
  size(key: string): Promise<number | undefined>;
  /** How many objects a prefix holds. */
  count(prefix: string): Promise<number>;
  text(key: string): Promise<string>;
  put(key: string, text: string): Promise<void>;
  close(): Promise<void>;
}

export function s3Place(): S3Place {
  let server: S3Server | undefined;
  let client: S3Client | undefined;
  const running = () => {
    if (server === undefined || client === undefined) throw new Error('no server was started');
    return { server, client };
  };
  const close = async () => {
    client?.destroy();
    await server?.stop();
    server = undefined;
    client = undefined;
  };
  return {
    async renew() {
      await close();
      server = await startMinio();
      const { region, credentials, endpoint } = server;
      client = new S3Client({ region, credentials, endpoint, forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      const versioning = { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } } as const;
      await client.send(new PutBucketVersioningCommand(versioning));
    },
    get endpoint() {
      return running().server.endpoint;
    },
    variables(endpoint) {
      const { server: minio } = running();
      return s3Variables(endpoint ?? minio.endpoint, minio);
    },
    async size(key) {
      try {
        return (await running().client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ContentLength;
      } catch (error) {
        if ((error as Error).name === 'NotFound') return undefined;
        throw error;
      }
    },
    async count(prefix) {
      let count = 0;
      const pages = paginateListObjectsV2({ client: running().client }, { Bucket: bucket, Prefix: prefix });
      for await (const page of pages) count += page.KeyCount ?? 0;
      return count;
    },
    async text(key) {
      const { Body } = await running().client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return (await Body?.transformToString()) ?? '';
    },
    async put(key, text) {
      await running().client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));
    },
    close,
  };
}

/** @throws Error when the object is missing or has another size. */
export async function mustHold(place: S3Place, key: string, size: number): Promise<void> {
  const actual = await place.size(key);
  if (actual !== size) throw new Error(`${key} has ${actual} bytes instead of ${size}`);
}
