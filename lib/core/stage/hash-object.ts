import type { Sha256 } from '../digest/sha256.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import type { StagePorts } from './stage-ports.ts';

/**
 * Reads an object of a store, exactly the one that `stat` describes, and hashes it: the only proof that needs no trust
 * in records.
 */
export async function hashObject(
  store: Store,
  stat: ObjectStat,
  ports: Pick<StagePorts, 'hashes' | 'signal'>,
): Promise<Sha256> {
  const hash = await ports.hashes.open({ kind: 'native' });
  try {
    const pinned = stat.version === undefined ? { etag: stat.etag } : { version: stat.version };
    for await (const chunk of store.read(stat.key, { ...pinned, signal: ports.signal })) await hash.update(chunk);
    return await hash.digest();
  } finally {
    hash.drop();
  }
}
