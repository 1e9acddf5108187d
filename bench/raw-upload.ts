/**
 * Uploads `SIZE` bytes of one buffer as a multipart object: `node bench/raw-upload.ts BUCKET KEY SIZE`. Parts of
 * 16 MiB, eight at a time, neither hashed nor signed. Where the server is comes from the environment.
 */
import { randomFillSync } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

const [Bucket, Key, size] = process.argv.slice(2) as [string, string, string];
const partSize = 16 * 2 ** 20;
const buffer = randomFillSync(Buffer.alloc(partSize));
const client = new S3Client({ forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });
client.middlewareStack.add(
  (next) => (args) => {
    (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
    return next(args);
  },
  { step: 'build' },
);

const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
const count = Math.max(1, Math.ceil(Number(size) / partSize));
const parts: CompletedPart[] = [];
let next = 1;
await Promise.all(
  Array.from({ length: 8 }, async () => {
    while (next <= count) {
      const PartNumber = next++;
      const bytes = buffer.subarray(0, Math.min(partSize, Number(size) - (PartNumber - 1) * partSize));
      const Body = Readable.from([bytes], { objectMode: false });
      const part = { Bucket, Key, UploadId, PartNumber, Body, ContentLength: bytes.length };
      const { ETag } = await client.send(new UploadPartCommand(part));
      parts[PartNumber - 1] = { PartNumber, ...(ETag === undefined ? {} : { ETag }) };
    }
  }),
);
await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: parts } }));
client.destroy();
