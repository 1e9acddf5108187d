import { once } from 'node:events';
import { exitCodes } from '../../contract/exit-codes.ts';
import { mirrorApp } from '../../core/serve/mirror-app.ts';
import { PublishedIndex } from '../../core/serve/published-index.ts';
import { startServer } from '../../core/serve/start-server.ts';
import type { CommandRun } from '../command-context.ts';
import { openMirror } from '../open-mirror.ts';

/** Seconds that answers under way get to end after Ctrl-C. */
const grace = 3;

export const run: CommandRun = async (context, input) => {
  const { host = '127.0.0.1', port = 8040 } = input.options as { host?: string; port?: number };
  const mirror = await openMirror(context, input.options.store, '--store');
  // A store that holds nothing, or must not be shown, is refused before the address is printed.
  const releases = await new PublishedIndex(mirror).releases();
  const server = await startServer(mirrorApp(mirror), host, port);
  if (context.json) context.printJson({ url: server.url, store: mirror.url, releases: releases.length });
  else context.print(server.url);
  const last = releases.at(-1);
  context.say(
    `serving ${releases.length} ${releases.length === 1 ? 'release' : 'releases'} of ${mirror.url} until Ctrl-C`,
  );
  if (last !== undefined) {
    const base = `${server.url}${last.collection}/${last.version}`;
    context.say(`  weighbridge pull ${last.collection}@${last.version} --from ${server.url} --into ./weights`);
    context.say(`  curl -L ${base}/SHA256SUMS`);
  }
  if (!context.signal.aborted) await once(context.signal, 'abort');
  await server.stop(grace);
  return exitCodes.done;
};
