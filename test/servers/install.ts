/**
 * Installs the servers that `*.server.test.ts` run against into `.cache/`; `npm run servers`.
 * The first time takes a few minutes and a network. It needs Python 3.10 or newer, and takes the machine's Go if that is new enough.
 * SERVERS_GOPATH and SERVERS_GOCACHE name folders for Go's modules and builds that are to be kept for another time.
 */
import { GoBuilder } from './go-builder.ts';
import { installServers } from './install-servers.ts';
import { makePythonEnvironment } from './python-environment.ts';
import { environmentFolder, serverPrograms, serversCache } from './server-programs.ts';

const go = new GoBuilder({
  cache: serversCache,
  gopath: process.env.SERVERS_GOPATH || undefined,
  gocache: process.env.SERVERS_GOCACHE || undefined,
});

const failed = await installServers({
  cache: serversCache,
  programs: serverPrograms,
  builder: {
    async build(program) {
      if (program.kind === 'go') await go.build(program);
      else await makePythonEnvironment(environmentFolder(program), program.pinned.split(' '));
    },
    clean: () => go.clean(),
  },
  report: (line) => console.error(`servers: ${line}`),
});
if (failed.length > 0) {
  console.error(`servers: without ${failed.map((program) => program.title).join(', ')}; their tests are skipped`);
  process.exitCode = 1;
}
