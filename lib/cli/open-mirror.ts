import { HttpMirror } from '../core/mirror/http-mirror.ts';
import type { MirrorReader } from '../core/mirror/mirror-reader.ts';
import { StoreMirror } from '../core/mirror/store-mirror.ts';
import type { CommandContext } from './command-context.ts';

/**
 * The mirror that `--from` or `--store` names; without one the public store of weighbridge.yaml.
 * A URL that a user types may be at a private address: whoever types it knows the host.
 * @throws UsageError for what names no mirror
 */
export async function openMirror(context: CommandContext, written: unknown): Promise<MirrorReader> {
  const url = typeof written === 'string' ? written : context.configuration.stores.public.primary;
  if (!/^https?:/i.test(url)) return new StoreMirror(await context.openStore(url));
  const origin = URL.parse(url)?.origin;
  return new HttpMirror(url, await context.http(origin), context.clock);
}
