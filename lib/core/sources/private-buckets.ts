import { registryKey } from '../../contract/keys.ts';
import { NotAuthorised, NotFound } from '../errors.ts';
import type { BucketUrl } from '../stores/bucket-url.ts';
import type { Store } from '../stores/store.ts';

/** A registry of ten thousand releases has a few MiB. */
const registryLimit = 64 * 2 ** 20;

/** An object as this check needs it. */
export interface BucketObject {
  readonly scheme: BucketUrl['scheme'];
  readonly bucket: string;
  /** Key in the bucket. */
  readonly key: string;
  /** `release` of its metadata: what Weighbridge writes on all that it stages. */
  readonly release: string | undefined;
}

/**
 * Finds out whether an object lies in a mirror of private releases: by the stores that the operator calls private, and
 * by the registry at the mirror's root, which is one of the folders above the object. Such bytes are never published
 * publicly, however a manifest gets at them. Each folder is looked at once.
 */
export class PrivateBuckets {
  readonly #stores: readonly BucketUrl[];
  readonly #folders = new Map<string, Promise<Finding>>();

  /** @param stores the private stores of weighbridge.yaml, replicas included */
  constructor(stores: readonly BucketUrl[]) {
    this.#stores = stores;
  }

  /** @param store the object's bucket, whole. @returns why its bytes must not become public; undefined where they may. */
  async refusal(object: BucketObject, store: Store): Promise<string | undefined> {
    const { scheme, bucket, key, release } = object;
    const listed = this.#stores.some(
      (one) => one.scheme === scheme && one.bucket === bucket && key.startsWith(one.prefix),
    );
    if (listed) return 'lies in a store that weighbridge.yaml names for private releases';
    let mirrored = false;
    for (const folder of foldersAbove(key)) {
      const finding = await this.#look(`${scheme}://${bucket}`, folder, store);
      if (finding === 'private') return 'lies in a mirror of private releases';
      mirrored ||= finding === 'public';
    }
    // Its registry would say of which access class it is. Whoever may not read that cannot know.
    const staged = release !== undefined && `/${key}`.includes(`/${release}/`);
    return staged && !mirrored ? 'was staged into a mirror whose registry cannot be read' : undefined;
  }

  async #look(bucket: string, folder: string, store: Store): Promise<Finding> {
    const name = `${bucket}/${folder}`;
    const known = this.#folders.get(name) ?? accessOf(store, folder + registryKey);
    this.#folders.set(name, known);
    known.catch(() => this.#folders.delete(name));
    return await known;
  }
}

type Finding = 'private' | 'public' | 'no mirror';

/** The root first, which is where a mirror most often is. */
function foldersAbove(key: string): string[] {
  const segments = key.split('/').slice(0, -1);
  return ['', ...segments.map((_, index) => `${segments.slice(0, index + 1).join('/')}/`)];
}

async function accessOf(store: Store, key: string): Promise<Finding> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = (await store.get(key, registryLimit))?.bytes;
  } catch (error) {
    // Who may not list is told "not allowed" of what is not there; a key on which there is a file has nothing below.
    if (error instanceof NotAuthorised || error instanceof NotFound) return 'no mirror';
    throw error;
  }
  if (bytes === undefined) return 'no mirror';
  try {
    const { schema, access } = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (typeof schema !== 'string' || !schema.startsWith('weighbridge/registry/')) return 'no mirror';
    return access === 'public' ? 'public' : 'private';
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return 'no mirror';
    throw error;
  }
}
