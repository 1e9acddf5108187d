import { registryKey } from '../contract/keys.ts';
import { mayBeAccessApi } from '../core/access/client/may-be-access-api.ts';
import { NotFound } from '../core/errors.ts';
import { HttpMirror } from '../core/mirror/http-mirror.ts';
import type { MirrorReader } from '../core/mirror/mirror-reader.ts';
import { StoreMirror } from '../core/mirror/store-mirror.ts';
import type { CommandContext } from './command-context.ts';

/**
 * The mirror that `--from` or `--store` names; without one the access API of `WEIGHBRIDGE_API` (for `--from`), else the
 * public store of weighbridge.yaml.
 * A URL that a user types may be at a private address: whoever types it knows the host.
 * @param option the one that names a mirror
 * @throws UsageError for what names no mirror; NotFound where none is named and there is only a private one
 */
export async function openMirror(
  context: CommandContext,
  written: unknown,
  option: '--from' | '--store' | '--replica' | '--private-store',
): Promise<MirrorReader> {
  const { stores } = context.configuration;
  const preset = option === '--from' ? context.environment.access.api : undefined;
  const named = typeof written === 'string' ? written : preset;
  const url = named ?? stores.public.primary;
  if (named === undefined) await requirePublic(context, option);
  if (!/^https?:/i.test(url) && url !== preset) return new StoreMirror(await context.openStore(url));
  const origin = URL.parse(url)?.origin;
  if (url === preset || mayBeAccessApi(url)) {
    const [{ openAccessApi }, { AccessApiMirror }] = await Promise.all([
      import('./access/open-access-api.ts'),
      import('../core/access/client/access-api-mirror.ts'),
    ]);
    const api = await openAccessApi(context, url);
    if (api !== undefined) return new AccessApiMirror(api, await context.http(origin), context.clock);
  }
  return new HttpMirror(url, await context.http(origin), context.clock);
}

/** Private releases are shown only to whoever names their store; who has no others is told how. */
async function requirePublic(context: CommandContext, option: string): Promise<void> {
  const { stores } = context.configuration;
  const holds = async (url: string) => (await (await context.openStore(url)).head(registryKey)) !== undefined;
  if (await holds(stores.public.primary)) return;
  const url = stores.private.primary;
  const onlyPrivate = stores.private.configured && !stores.public.configured;
  if (!onlyPrivate && !(await holds(url))) return;
  throw new NotFound(`there is no mirror of public releases: ${stores.public.primary} has no ${registryKey}`, {
    hint: `Private ones are in another store, which is read only where it is named: ${option} ${url}`,
  });
}
