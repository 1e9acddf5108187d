import { registryKey } from '../../contract/keys.ts';
import type { MirrorReader } from '../../core/mirror/mirror-reader.ts';
import { StoreMirror } from '../../core/mirror/store-mirror.ts';
import type { CommandContext } from '../command-context.ts';
import { openMirror } from '../open-mirror.ts';
import type { ServeOptions } from './serve-options.ts';

/**
 * The mirror that is served to everybody. Beside private releases there need not be one: undefined where none is named
 * and the public store of weighbridge.yaml holds nothing.
 */
export async function publicMirror(context: CommandContext, options: ServeOptions): Promise<MirrorReader | undefined> {
  if (options.store !== undefined || options.privateStore === undefined) {
    return await openMirror(context, options.store, '--private-store');
  }
  const store = await context.openStore(context.configuration.stores.public.primary);
  return (await store.head(registryKey)) === undefined ? undefined : new StoreMirror(store);
}
