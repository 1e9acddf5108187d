import { once } from 'node:events';
import { exitCodes } from '../../contract/exit-codes.ts';
import type { ListedRelease } from '../../core/mirror/find-release.ts';
import { byPath } from '../../core/serve/by-path.ts';
import { mirrorApp } from '../../core/serve/mirror-app.ts';
import { nothingApp } from '../../core/serve/nothing-app.ts';
import { PublishedIndex } from '../../core/serve/published-index.ts';
import { startServer } from '../../core/serve/start-server.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { plural } from '../plural.ts';
import type { PrivateAccess } from '../serving/private-access.ts';
import { publicMirror } from '../serving/public-mirror.ts';
import { checkServeOptions, isLoopbackHost, otherLoopbackName, type ServeOptions } from '../serving/serve-options.ts';

/** Seconds that answers under way get to end after Ctrl-C. */
const grace = 3;

export const run: CommandRun = async (context, input) => {
  const options = input.options as unknown as ServeOptions;
  checkServeOptions(options);
  const mirror = await publicMirror(context, options);
  // A store that holds nothing, or must not be shown, is refused before the address is printed.
  const releases = mirror === undefined ? [] : await new PublishedIndex(mirror).releases();
  let base = options.baseUrl ?? '';
  const access = await privateAccess(context, options, () => base);
  try {
    const app = byPath(access?.mounted ?? [], mirror === undefined ? nothingApp : mirrorApp(mirror));
    const server = await startServer(app, options.host, options.port);
    const { url } = server;
    base = options.baseUrl ?? otherLoopbackName(url);
    if (context.json) context.printJson(documentOf(url, mirror?.url ?? null, releases, access));
    else context.print(url);
    if (mirror !== undefined) sayPublic(context, url, mirror.url, releases);
    if (access !== undefined) sayPrivate(context, url, access, releases);
    if (!context.signal.aborted) await once(context.signal, 'abort');
    await server.stop(grace);
  } finally {
    await access?.close();
  }
  return exitCodes.done;
};

async function privateAccess(
  context: CommandContext,
  options: ServeOptions,
  base: () => string,
): Promise<PrivateAccess | undefined> {
  if (options.privateStore === undefined) return undefined;
  const { openPrivateAccess } = await import('../serving/private-access.ts');
  return await openPrivateAccess(context, options.privateStore, options, base);
}

function documentOf(url: string, store: string | null, releases: readonly unknown[], access?: PrivateAccess) {
  const document = { url, store, releases: releases.length };
  if (access === undefined) return document;
  const { store: kept, policy } = access;
  return { ...document, access: { url: `${url}v1`, store: kept.url, releases: access.releases.length, policy } };
}

function sayPublic(context: CommandContext, base: string, store: string, releases: readonly ListedRelease[]): void {
  context.say(`serving ${plural(releases.length, 'release')} of ${store} until Ctrl-C`);
  const last = releases.at(-1);
  if (last === undefined) return;
  const { collection, version } = last;
  context.say(`  weighbridge pull ${collection}@${version} --from ${base} --into ./weights`);
  context.say(`  curl -L ${base}${collection}/${version}/SHA256SUMS`);
}

function sayPrivate(
  context: CommandContext,
  base: string,
  access: PrivateAccess,
  shown: readonly ListedRelease[],
): void {
  const { releases, store, policy } = access;
  const count = plural(releases.length, 'private release');
  context.say(`serving ${count} of ${store.url} to whom ${policy} grants them, until Ctrl-C`);
  const last = releases.at(-1);
  if (last !== undefined) {
    const { collection, version } = last;
    const header = '-H "Authorization: Bearer $WEIGHBRIDGE_TOKEN"';
    context.say(`  weighbridge pull ${collection}@${version} --from ${base}v1 --into ./weights`);
    context.say(`  curl -fL -O ${header} ${base}v1/${collection}/${version}/FILE`);
  }
  if (shown.some(({ collection }) => collection === 'v1')) {
    context.say('note: the public collection v1 cannot be read here: the access API has its place');
  }
  if (!isLoopbackHost(new URL(base).hostname)) {
    context.say(
      'warning: tokens and signed URLs cross the network in the clear; put TLS in front, and --base-url https://…',
    );
  }
}
