import pLimit from 'p-limit';
import type { Clock } from '../../clock.ts';
import { defaultUrlLifetime } from '../policy-document.ts';
import type { SignedFile } from '../wire.ts';
import type { Granted } from './find-granted.ts';
import type { FileFacts } from './store-records.ts';

/** Some signers ask a server for each signature. */
const signaturesAtOnce = 16;

export interface SignedFiles {
  readonly urls: readonly SignedFile[];
  readonly expiresAt: Date;
  /** Whole seconds from now. */
  readonly lifetime: number;
}

/**
 * URLs of these files, pinned to the versions that the store's own record names. They live as long as was asked for,
 * but no longer than the grants allow and the signing credentials live.
 * @param expiresIn seconds
 * @throws MirrorDamaged, and what the signer throws
 */
export async function signFiles(
  { place, release, maximumLifetime }: Pick<Granted, 'place' | 'release' | 'maximumLifetime'>,
  files: readonly FileFacts[],
  expiresIn: number | undefined,
  clock: Clock,
): Promise<SignedFiles> {
  const objects = await place.records.objects(release, files);
  const session = await place.signer.prepare(Math.min(expiresIn ?? defaultUrlLifetime, maximumLifetime));
  const { expiresAt } = session;
  const limit = pLimit(signaturesAtOnce);
  const urls = await limit.map(files, async ({ file, key, size, sha256 }) => {
    const { version, etag = '' } = objects[file] ?? {};
    const fileName = file.slice(file.lastIndexOf('/') + 1);
    const url = await session.sign({ key, version, etag, sha256: sha256.hex, fileName });
    return { file, url, size, sha256: sha256.hex, expiresAt: expiresAt.toISOString() };
  });
  const lifetime = Math.max(0, Math.floor((expiresAt.getTime() - clock.now().getTime()) / 1000));
  return { urls, expiresAt, lifetime };
}
