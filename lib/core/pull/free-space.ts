import { stat, statfs } from 'node:fs/promises';
import type { ReleaseArtifact } from '../registry/records.ts';
import { StoreError } from '../stores/store.ts';
import type { PullRoot } from './pull-root.ts';

/**
 * Refuses to begin what cannot end. Counts what unfinished downloads hold already.
 * @throws StoreError saying how much is missing
 */
export async function requireFreeSpace(
  root: PullRoot,
  files: readonly { readonly artifact: ReleaseArtifact }[],
): Promise<void> {
  let needed = 0;
  for (const { artifact } of files) {
    const begun = await stat(root.partialPath(artifact.sha256)).catch(() => undefined);
    needed += Math.max(0, artifact.size - (begun?.size ?? 0));
  }
  const { bavail, bsize } = await statfs(root.folder);
  const free = bavail * bsize;
  if (needed <= free) return;
  throw new StoreError(`the files need ${needed} bytes and the disk has ${free} left`, {
    evidence: { needed, free },
    hint: 'free some space, or name fewer files',
  });
}
