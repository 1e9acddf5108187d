import { exitCodes } from '../../contract/exit-codes.ts';
import { AccessApiMirror } from '../../core/access/client/access-api-mirror.ts';
import type { HandedOutUrl } from '../../core/access/client/handed-out-url.ts';
import { type UrlsWish, urlsOfApi } from '../../core/access/client/urls-of-api.ts';
import { urlsOfStore } from '../../core/access/client/urls-of-store.ts';
import { UsageError } from '../../core/errors.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { loadRegistry } from '../../core/mirror/load-registry.ts';
import { loadRelease } from '../../core/mirror/load-release.ts';
import type { MirrorReader } from '../../core/mirror/mirror-reader.ts';
import { parseReleaseRef } from '../../core/mirror/release-ref.ts';
import { StoreMirror } from '../../core/mirror/store-mirror.ts';
import { selectFiles } from '../../core/pull/select-files.ts';
import { defaultRetryPolicy, retry } from '../../core/retry.ts';
import { isPresigning } from '../../core/stores/store.ts';
import { openAccessApi } from '../access/open-access-api.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { formatDuration } from '../progress/quantities.ts';

/** Seconds. */
const usualLife = 900;

interface UrlOptions {
  readonly from?: string;
  /** Seconds. */
  readonly expires?: number;
}

/** Whoever signs URLs: the access API, or a bucket that the caller's own credentials may read. */
interface Signer {
  readonly reader: MirrorReader;
  sign(wish: UrlsWish): Promise<readonly HandedOutUrl[]>;
}

export const run: CommandRun = async (context, input) => {
  const [text = '', ...names] = input.args;
  const options: UrlOptions = input.options;
  const ref = parseReleaseRef(text);
  const { reader, sign } = await openSigner(context, options.from);
  const { registry } = await retry(() => loadRegistry(reader, context.signal), defaultRetryPolicy, context);
  const loaded = await retry(() => loadRelease(reader, registry, ref, context.signal), defaultRetryPolicy, context);
  for (const warning of loaded.warnings) context.say(`warning: ${escapeUnsafe(warning)}`);
  const { release, name } = loaded;
  const chosen = selectFiles(release, name, names).map(({ artifact }) => artifact);
  const artifacts = names.length === 0 ? undefined : chosen;
  const urls = await sign({ release, artifacts, expiresIn: options.expires ?? usualLife });
  if (context.json) context.printJson({ release: name, urls });
  else for (const { url } of urls) context.print(url);
  if (urls.length < chosen.length) context.say(`${urls.length} of ${chosen.length} files are yours to read`);
  const ends = urls.map(({ expiresAt }) => Date.parse(expiresAt));
  if (ends.length > 0) {
    const end = Math.min(...ends);
    const seconds = Math.max(0, (end - context.clock.now().getTime()) / 1000);
    const what = urls.length === 1 ? 'the URL is' : `the ${urls.length} URLs are`;
    context.say(`${what} good until ${new Date(end).toISOString()}, ${formatDuration(seconds)} from now`);
  }
  return exitCodes.done;
};

async function openSigner(context: CommandContext, from: string | undefined): Promise<Signer> {
  const { access } = context.environment;
  const url = from ?? access.api ?? privateStore(context);
  if (/^https?:/i.test(url) || url === access.api) {
    const api = await openAccessApi(context, url);
    if (api === undefined) {
      throw new UsageError(`${escapeUnsafe(url)} is a plain mirror: its files need no signed URL`, {
        hint: `They are at ${escapeUnsafe(url).replace(/\/+$/, '')}/COLLECTION/VERSION/FILE. An access API ends in /v1 or /iam/v1.`,
      });
    }
    const http = await context.http(URL.parse(url)?.origin);
    return {
      reader: new AccessApiMirror(api, http, context.clock),
      sign: (wish) => urlsOfApi(api, wish, context),
    };
  }
  const store = await context.openStore(url);
  if (!isPresigning(store)) {
    throw new UsageError(`${store.url} cannot sign URLs: nobody answers them`, {
      hint: `Let a server do both: weighbridge serve --private-store ${store.url}`,
    });
  }
  const reader = new StoreMirror(store);
  return { reader, sign: (wish) => urlsOfStore(store, reader, wish, context) };
}

/** Public files have addresses of their own; what is signed by default is what is private. */
function privateStore(context: CommandContext): string {
  const { stores } = context.configuration;
  if (stores.private.configured) return stores.private.primary;
  throw new UsageError('whose files? Name an access API or a bucket with --from', {
    hint: 'Or set WEIGHBRIDGE_API, or write the private store into weighbridge.yaml.',
  });
}
