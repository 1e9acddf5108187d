/**
 * The same job onto buckets, still on this machine alone: `npm run servers` once, then `npm run quickstart:buckets`.
 *
 * It starts an S3 server (versitygw) and a GCS server (fake-gcs-server) on 127.0.0.1, makes a model of 40 MB, and
 * stages it to s3:// with a replica on gs:// and the state in another bucket. Both servers are gone when it ends,
 * and what they held with them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { startFakeGcs } from '../test/servers/start-fake-gcs.ts';
import { startVersitygw } from '../test/servers/start-versitygw.ts';
import { gcsSettings, makeGcsBucket, makeS3Bucket, s3Settings } from './quickstart/buckets.ts';
import { serveFiles } from './quickstart/serve-files.ts';
import { say, weighbridge } from './quickstart/shell.ts';
import { largerModel, manifestFor } from './quickstart/small-model.ts';

const manifest = 'quickstart/tiny-detector-buckets.yaml';
const stores = ['--to', 's3://models/prod', '--replica', 'gs://models-copy'];

const upstream = await serveFiles(largerModel());
const s3 = await startVersitygw();
const gcs = await startFakeGcs();
try {
  say(`An S3 server is at ${s3.endpoint}, a GCS server at ${gcs.apiEndpoint}. Commands learn of them as always:`);
  for (const [name, value] of Object.entries({ ...s3Settings(s3), ...gcsSettings(gcs) })) {
    console.log(`$ export ${name}=${value}`);
    process.env[name] = value;
  }
  await makeS3Bucket(s3, 'models', { versioning: true });
  await makeS3Bucket(s3, 'models-state', { versioning: false });
  await makeGcsBucket(gcs, 'models-copy');

  await mkdir('quickstart', { recursive: true });
  await writeFile(manifest, manifestFor(upstream.origin));
  const trusted = ['--trust-origin', upstream.origin];
  await weighbridge('lock', manifest, ...trusted);

  say('What would happen, and what would it cost in requests?');
  await weighbridge('plan', manifest, ...stores, ...trusted);

  say('Fetch, prove, publish to S3, replicate to GCS; checkpoints and the report go to a third bucket:');
  await weighbridge('stage', manifest, ...stores, '--state', 's3://models-state', ...trusted);

  say('Again: nothing to do, and few requests to find that out.');
  await weighbridge('stage', manifest, ...stores, '--state', 's3://models-state', ...trusted);

  say('Do both clouds hold the same? By the checksums that they stored, one request per object:');
  await weighbridge('verify', '--store', 's3://models/prod', '--replica', 'gs://models-copy', '--quick');

  say('And by reading every byte:');
  await weighbridge('verify', '--store', 's3://models/prod', '--replica', 'gs://models-copy');

  say('Bring it to where it is used, from the replica:');
  await weighbridge('pull', 'tiny-detector@1.0.0', '--from', 'gs://models-copy', '--into', 'quickstart/from-gcs');
  say('Done.');
} finally {
  await upstream.close();
  await s3.stop();
  await gcs.stop();
}
