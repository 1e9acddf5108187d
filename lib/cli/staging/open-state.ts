import { join, resolve } from 'node:path';
import { Refused, UsageError } from '../../core/errors.ts';
import { BucketState } from '../../core/state/bucket-state.ts';
import { DirectoryState } from '../../core/state/directory-state.ts';
import type { StateStore } from '../../core/state/state-store.ts';
import { parseBucketUrl } from '../../core/stores/bucket-url.ts';
import { storeFolder } from '../../core/stores/open-store.ts';
import { isClocked } from '../../core/stores/store.ts';
import type { CommandContext } from '../command-context.ts';

const preset = '.weighbridge';

/** Where checkpoints, leases and reports are kept. */
export interface StatePlace {
  /** As the user wrote it. */
  readonly location: string;
  /** Absolute folder of this machine: all of it where the state is a folder, else for what only this machine needs. */
  readonly folder: string;
  readonly inBucket: boolean;
  /** Another instance each time, which counts its own requests. */
  open(): Promise<StateStore>;
}

/**
 * The place that `--state` or weighbridge.yaml names. Nothing is read or made yet.
 * @param stores URLs of every mirror that the command may write to.
 * @throws UsageError for what is no place; Refused when it lies in a mirror, or a mirror in it.
 */
export function statePlace(
  context: CommandContext,
  written: string | undefined,
  stores: readonly string[],
): StatePlace {
  const location = written ?? context.configuration.state ?? preset;
  if (/^https?:/i.test(location)) {
    throw new UsageError('state cannot be kept at the address of a published mirror', {
      hint: 'Name a folder, s3://bucket/prefix or gs://bucket/prefix with --state.',
    });
  }
  // A slip in `s3://` would otherwise make a folder of that name, which no other machine continues from.
  if (parseBucketUrl(location) === undefined && /^(?!file:)[a-z][a-z0-9+.-]+:/i.test(location)) {
    throw new UsageError(`state cannot be kept in ${JSON.stringify(location)}`, {
      hint: 'Name a folder, s3://bucket/prefix or gs://bucket/prefix.',
    });
  }
  const folder = (name: string) =>
    name.startsWith('file:') ? storeFolder(name, context.cwd) : resolve(context.cwd, name);
  if (parseBucketUrl(location) === undefined) {
    const root = folder(location);
    const open = async () => new DirectoryState({ location, root: join(root, 'state') });
    return { location, folder: root, inBucket: false, open };
  }
  for (const url of stores) checkApart(location, url);
  return {
    location,
    folder: folder(preset),
    inBucket: true,
    async open() {
      const store = await context.openStore(location);
      if (!isClocked(store)) throw new TypeError(`${location} has no clock`);
      return new BucketState({ location, store, clock: context.clock });
    },
  };
}

/** State is private and expires; a mirror is neither. */
function checkApart(location: string, url: string): void {
  const state = parseBucketUrl(location);
  const store = parseBucketUrl(url);
  if (state === undefined || store === undefined || state.scheme !== store.scheme || state.bucket !== store.bucket)
    return;
  if (!state.prefix.startsWith(store.prefix) && !store.prefix.startsWith(state.prefix)) return;
  throw new Refused('access-class', `${location} cannot keep the state: it and the mirror ${url} lie in one another`, {
    hint: 'State is secret and expires. Give it a bucket of its own, or a prefix beside the prefixes of all mirrors.',
  });
}
