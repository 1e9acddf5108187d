import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Sha256 } from '../lib/core/digest/sha256.ts';
import { canonicalJson } from '../lib/core/registry/canonical-json.ts';
import { latestVersion } from '../lib/core/registry/latest-version.ts';
import type { CollectionEntry, Registry } from '../lib/core/registry/records.ts';
import type { Bench } from './bench.ts';
import { machine, table, verdict } from './figures.ts';
import { type ServedFile, writeManifest } from './mirror-job.ts';
import { findPeers } from './peers.ts';
import { race } from './race.ts';
import { stageToS3 } from './s3-contenders.ts';
import { mustHold, type S3Place, s3Place } from './s3-place.ts';
import { requestText, requestTotal, storeRequests } from './store-requests.ts';
import { startNginx } from './upstream.ts';
import { inWorkspace, writeRandomFile } from './workspace.ts';

/** Does it cost more to publish into a mirror that has been in use for years? */
export const s3Registry: Bench = {
  summary:
    'one file of --size (64KiB) to S3, where the registry names nothing, and where it names --count (10000) releases',
  async run({ size = 65_536, count = 10_000, rounds = 3 }, print) {
    print(`s3-registry: ${count} releases, ${rounds} rounds; ${findPeers(['nginx', 'minio', 'time']).join(', ')}`);
    await inWorkspace(2 ** 28, async (folder) => {
      const served = join(folder, 'files');
      await mkdir(served);
      const name = 'weights.bin';
      const file: ServedFile = { name, size, sha256: await writeRandomFile(join(served, name), size) };
      const upstream = await startNginx(folder, served);
      const place = s3Place();
      try {
        const manifest = await writeManifest(folder, upstream.origin, [file]);
        const requests: string[] = [];
        const totals: number[] = [];
        const publish = (name: string, releases: number) => ({
          name,
          async prepare() {
            await place.renew();
            await place.put('registry.json', canonicalJson(registryOf(releases)));
          },
          variables: () => place.variables(),
          command: (output: string) => stageToS3(manifest, upstream.origin, output),
          async check(_: string, { stdout }: { readonly stdout: string }) {
            await mustHold(place, `bench/1.0.0/${file.name}`, size);
            await mustName(place, releases + 1);
            requests.push(requestText(storeRequests(stdout)));
            totals.push(requestTotal(storeRequests(stdout)));
          },
        });
        const contenders = [publish('into an empty registry', 0), publish(`into one of ${count} releases`, count)];
        for (const line of table(await race(contenders, rounds, folder, served))) print(line);
        const [few = Number.NaN, many = Number.NaN] = totals.slice(-2);
        print(verdict('requests more than into an empty registry', many - few, 'at most', 0));
        print(`requests: ${requests.slice(-2).join('; ')}`);
        print(machine());
      } finally {
        await place.close();
        await upstream.close();
      }
    });
  },
};

async function mustName(place: S3Place, count: number): Promise<void> {
  const registry = JSON.parse(await place.text('registry.json')) as Registry;
  const names = Object.values(registry.collections).flatMap(({ versions }) => Object.keys(versions));
  if (names.length !== count) throw new Error(`the registry names ${names.length} releases instead of ${count}`);
}

/** As many releases, a hundred to a collection. */
function registryOf(releases: number): Registry {
  const collections: Record<string, CollectionEntry> = {};
  for (let from = 0; from < releases; from += 100) {
    const name = `collection-${String(from / 100).padStart(4, '0')}`;
    const versions: Record<string, CollectionEntry['versions'][string]> = {};
    for (let minor = 0; minor < Math.min(100, releases - from); minor += 1) {
      const version = `1.${minor}.0`;
      versions[version] = {
        release: `${name}/${version}/release.json`,
        content: Sha256.ofBytes(`content of ${name} ${version}`).hex,
        sha256: Sha256.ofBytes(`record of ${name} ${version}`).hex,
        bytes: 1 << 30,
        artifacts: 3,
        publishedAt: new Date(Date.UTC(2026, 0, 1, 0, from + minor)).toISOString(),
      };
    }
    collections[name] = { latest: latestVersion({ versions }), versions };
  }
  return {
    schema: 'weighbridge/registry/1',
    access: 'public',
    serial: releases,
    updatedAt: new Date(Date.UTC(2026, 0, 8)).toISOString(),
    mirrors: [],
    collections,
  };
}
