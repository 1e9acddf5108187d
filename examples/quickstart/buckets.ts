import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import type { GcsAccess, S3Access } from '../../test/servers/server-access.ts';

/** What a shell would export so that AWS's tools, and this program, use the server. */
export function s3Settings({ endpoint, region, credentials }: S3Access): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  };
}

/** As `s3Settings`, for Google's tools. */
export function gcsSettings({ apiEndpoint }: GcsAccess): Readonly<Record<string, string>> {
  return { STORAGE_EMULATOR_HOST: apiEndpoint };
}

export async function makeS3Bucket(
  server: S3Access,
  name: string,
  { versioning }: { readonly versioning: boolean },
): Promise<void> {
  const { endpoint, region, credentials } = server;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket: name }));
    if (!versioning) return;
    const configuration = { Bucket: name, VersioningConfiguration: { Status: 'Enabled' as const } };
    await client.send(new PutBucketVersioningCommand(configuration));
  } finally {
    client.destroy();
  }
}

export async function makeGcsBucket({ apiEndpoint, projectId }: GcsAccess, name: string): Promise<void> {
  const response = await fetch(`${apiEndpoint}/storage/v1/b?project=${projectId}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, versioning: { enabled: true } }),
  });
  if (!response.ok) throw new Error(`the GCS server does not make a bucket: ${response.status}`);
}
