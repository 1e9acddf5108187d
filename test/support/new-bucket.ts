import { randomUUID } from 'node:crypto';
import { PutBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3';
import { clientOf, makeBucket } from '../core/stores/s3-place.ts';
import type { GcsAccess, S3Access } from '../servers/server-access.ts';

export interface NewS3Bucket {
  readonly name: string;
  /** Of the server's root user. */
  readonly client: S3Client;
  /** Lets everybody do this with the objects below a prefix. */
  allowAll(actions: readonly string[], below?: string): Promise<void>;
}

/** A bucket of one's own on a running server. */
export async function newS3Bucket(server: S3Access, { versioned = true } = {}): Promise<NewS3Bucket> {
  const client = clientOf(server);
  const name = await makeBucket(client, versioned);
  return {
    name,
    client,
    async allowAll(actions, below = '') {
      const Resource = [`arn:aws:s3:::${name}/${below}*`];
      const Statement = [{ Effect: 'Allow', Principal: '*', Action: actions, Resource }];
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
      await client.send(new PutBucketPolicyCommand({ Bucket: name, Policy }));
    },
  };
}

/** The name of a bucket of one's own, with versions. */
export async function newGcsBucket({ apiEndpoint, projectId }: GcsAccess): Promise<string> {
  const name = `w-${randomUUID()}`;
  const response = await fetch(`${apiEndpoint}/storage/v1/b?project=${projectId}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, versioning: { enabled: true } }),
  });
  if (!response.ok) throw new Error(`no bucket: ${response.status}`);
  return name;
}

/** Writes an object; the generation that it got. */
export async function putGcsObject(
  { apiEndpoint }: GcsAccess,
  bucket: string,
  name: string,
  bytes: Uint8Array | string,
): Promise<string> {
  const url = new URL(`${apiEndpoint}/upload/storage/v1/b/${bucket}/o`);
  url.search = new URLSearchParams({ uploadType: 'media', name }).toString();
  const response = await fetch(url, { method: 'POST', body: typeof bytes === 'string' ? bytes : Buffer.from(bytes) });
  if (!response.ok) throw new Error(`not written: ${response.status}`);
  const { generation } = (await response.json()) as { generation: string };
  return generation;
}
