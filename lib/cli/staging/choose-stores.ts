import { Refused, UsageError } from '../../core/errors.ts';
import type { Access } from '../../core/manifest/manifest.ts';
import type { Store } from '../../core/stores/store.ts';
import type { CommandContext } from '../command-context.ts';
import { isSameStore } from '../same-store.ts';

/** The options that name stores, as commander leaves them. */
export interface StoreOptions {
  readonly to?: string;
  readonly replica?: readonly string[];
  /** Bytes of a part of large uploads to a bucket. */
  readonly partSize?: number;
}

export interface ChosenStores {
  readonly primary: Store;
  /** In the order in which they are completed. */
  readonly replicas: readonly Store[];
}

/**
 * The store that a release of this access class goes to, and its replicas. Those of weighbridge.yaml belong to the
 * primary there: a run into another store (`--to`) leaves them alone, unless it names them.
 * @throws Refused when weighbridge.yaml gives one of the stores to the other class.
 * @throws UsageError when a replica is the primary, or is named twice.
 */
export async function chooseStores(
  context: CommandContext,
  access: Access,
  options: StoreOptions,
): Promise<ChosenStores> {
  const primary = await primaryStore(context, access, options.to, options.partSize);
  const configured = context.configuration.stores[access];
  const usual = await isSameStore(configured.primary, primary.url, context.cwd);
  const urls = options.replica ?? (usual ? configured.replicas : []);
  const replicas: Store[] = [];
  for (const url of urls) {
    await checkAccess(context, access, url, '--replica');
    if (await isSameStore(url, primary.url, context.cwd)) {
      throw new UsageError(`${url} is the store that the release is published in; it cannot be its own replica`);
    }
    for (const other of replicas) {
      if (await isSameStore(url, other.url, context.cwd)) throw new UsageError(`the replica ${url} is named twice`);
    }
    replicas.push(await context.openStore(url, options.partSize));
  }
  return { primary, replicas };
}

/** The store that a release of this access class is proven and published in first. @throws Refused */
export async function primaryStore(
  context: CommandContext,
  access: Access,
  to: string | undefined,
  partSize?: number,
): Promise<Store> {
  const url = to ?? context.configuration.stores[access].primary;
  await checkAccess(context, access, url, '--to');
  return await context.openStore(url, partSize);
}

async function checkAccess(context: CommandContext, access: Access, url: string, option: string): Promise<void> {
  const other = context.configuration.stores[access === 'public' ? 'private' : 'public'];
  if (!other.configured) return;
  for (const theirs of [other.primary, ...other.replicas]) {
    if (!(await isSameStore(theirs, url, context.cwd))) continue;
    throw new Refused('access-class', `weighbridge.yaml names ${url} for releases that are not ${access}`, {
      hint: `Correct \`access\` in the manifest, or name another store with ${option}.`,
    });
  }
}
