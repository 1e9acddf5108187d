import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServedFile, writeManifest } from './mirror-job.ts';
import type { S3Job } from './s3-contenders.ts';
import { s3Place } from './s3-place.ts';
import { startNginx } from './upstream.ts';
import { inWorkspace, writeRandomFile } from './workspace.ts';

/** An upstream with one random file, and a server to bring it to; both are gone afterwards. */
export async function withS3Job(
  size: number,
  work: (job: S3Job, folder: string, files: string) => Promise<void>,
): Promise<void> {
  // The file, the object, and a copy on the disk where a peer needs one.
  await inWorkspace(3.2 * size + 2 ** 28, async (folder) => {
    const files = join(folder, 'files');
    await mkdir(files);
    const name = 'weights.bin';
    const file: ServedFile = { name, size, sha256: await writeRandomFile(join(files, name), size) };
    const upstream = await startNginx(folder, files);
    const place = s3Place();
    try {
      const manifest = await writeManifest(folder, upstream.origin, [file]);
      await work({ place, manifest, origin: upstream.origin, file }, folder, files);
    } finally {
      await place.close();
      await upstream.close();
    }
  });
}
