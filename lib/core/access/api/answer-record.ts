import { Sha256 } from '../../digest/sha256.ts';
import { formatSums } from '../../registry/sha256sums.ts';
import type { NamedRelease, ServedRecord } from './access-route.ts';
import { answer } from './answers.ts';
import { isPlainQuery } from './asked-options.ts';
import { findGranted, type Granted } from './find-granted.ts';
import type { Places } from './places.ts';
import { allowed, missing, notUnderstood, type ProvenRequest, type Ruled } from './ruling.ts';
import { unlessKnown } from './unless-known.ts';

/**
 * A record of a release, whole: who may read one file of it sees its record, since without it nothing can be proven.
 * `release.json` has the very bytes that the registry names the digest of.
 */
export async function answerRecord(
  proven: ProvenRequest,
  { release, record }: { readonly release: NamedRelease; readonly record: ServedRecord },
  places: Places,
): Promise<Ruled> {
  if (!isPlainQuery(proven.query)) return notUnderstood('badQuery');
  return await findGranted(proven, { release, files: undefined, store: undefined }, places, async (granted) => {
    const { collection, version } = granted.release;
    const about = { collection, version, file: record };
    const found = await readRecord(record, granted);
    if (found === undefined) return missing('no such record', granted.rule, about);
    const { bytes, mediaType, sha256 } = found;
    const etag = `"${sha256.hex}"`;
    const headers = { etag, 'content-type': mediaType, 'repr-digest': sha256.reprDigest };
    const response = unlessKnown(proven.request, etag, () => answer(200, bytes, headers));
    return allowed(response, { ...about, rule: granted.rule, reason: 'record' });
  });
}

async function readRecord(record: ServedRecord, { place, release }: Granted) {
  switch (record) {
    case 'release.json':
      return { bytes: release.bytes, mediaType: 'application/json', sha256: release.sha256 };
    case 'SHA256SUMS': {
      // Published it had these bytes, or verify calls it damaged: there is nothing to ask the store for.
      const bytes = formatSums([...release.files.values()]);
      return { bytes, mediaType: 'text/plain; charset=utf-8', sha256: Sha256.ofBytes(bytes) };
    }
    case 'RELEASE.md': {
      const bytes = await place.records.notes(release);
      if (bytes === undefined) return undefined;
      return { bytes, mediaType: 'text/markdown; charset=utf-8', sha256: Sha256.ofBytes(bytes) };
    }
  }
}
