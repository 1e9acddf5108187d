import { coversCollection } from '../../contract/cloud/publishers.ts';
import { replicasOf } from '../../contract/cloud/replica-rules.ts';
import type { HttpClient } from '../../core/http/http-client.ts';
import type { Manifest } from '../../core/manifest/manifest.ts';
import { openSource } from '../../core/sources/open-source.ts';
import type { Plan } from '../../core/stage/plan.ts';
import type { StagePorts } from '../../core/stage/stage-ports.ts';
import { plannedSources } from '../../core/submit/planned-sources.ts';
import { RecordsStore } from '../../core/submit/records-store.ts';
import { collectReceived } from '../collect-received.ts';
import type { CommandContext } from '../command-context.ts';
import { sourcePorts } from '../source-ports.ts';
import type { LoadedManifest } from '../staging/load-manifest.ts';
import type { StagingOptions } from '../staging/open-staging.ts';
import { cloudBuckets } from './cloud-buckets.ts';
import { bucketUrl, type CloudPlace, cloudPlace, ownBuckets } from './cloud-place.ts';

/** Plans against the mirrors of a deployment, as its pipeline would run, with the rights of a publisher's `plan` role. */
export interface CloudPlanning {
  /** Without tokens; opens the deployment's mirrors as somebody who may read their records. */
  readonly context: CommandContext;
  optionsFor(manifest: Manifest, options: StagingOptions): StagingOptions;
  portsFor(loaded: LoadedManifest, ports: StagePorts): Promise<StagePorts>;
  /** What has to be known of a plan that was made from here. */
  told(manifest: Manifest, plan: Plan): Plan;
  close(): Promise<void>;
}

/** @param environment `--env` */
export async function openCloudPlanning(
  given: CommandContext,
  environment: string | undefined,
): Promise<CloudPlanning> {
  const place = await cloudPlace(given, environment);
  const { deployment } = place;
  const buckets = cloudBuckets(given, place);
  const mirrors = new Map<string, RecordsStore>();
  const unchecked = new Set<string>();
  let client: Promise<HttpClient> | undefined;
  const context: CommandContext = {
    ...given,
    environment: { ...given.environment, hfToken: undefined, githubToken: undefined, credential: () => undefined },
    configuration: { ...given.configuration, credentials: [], trustedOrigins: deployment.trustedOrigins },
    buckets: buckets.access,
    http() {
      client ??= tokenless(context);
      return client;
    },
    async openStore(url, partSize) {
      const access = (['public', 'private'] as const).find((one) => bucketUrl(place, one) === url);
      if (access === undefined) return await given.openStore(url, partSize);
      const store = new RecordsStore(await buckets.mirror(access));
      mirrors.set(url, store);
      return store;
    },
  };
  return {
    context,
    optionsFor: ({ access }, options) => ({ ...options, to: bucketUrl(place, access), replica: [] }),
    async portsFor({ manifest, directory }, ports) {
      const opening = await sourcePorts(context, directory, manifest.access);
      return {
        ...ports,
        openSources: (spec) =>
          plannedSources(spec, manifest, {
            deployment,
            own: ownBuckets(place),
            open: (ref, of) => openSource(ref, opening, of),
            onUnchecked: (id, uri) => unchecked.add(`${id}: ${uri} was not asked: only the pipeline has the right to`),
          }),
      };
    },
    told(manifest, plan) {
      const unproven = mirrors.get(plan.store)?.unproven ?? [];
      const notes = [...notesOn(manifest, place), ...unchecked];
      unchecked.clear();
      const [first, ...more] = unproven;
      if (first !== undefined) {
        const others = more.length === 0 ? 'is' : `and ${more.length} more are`;
        notes.push(
          `${first} ${others} there, of a run that did not finish: the pipeline proves that before it fetches`,
        );
      }
      return { ...plan, warnings: [...plan.warnings, ...notes] };
    },
    async close() {
      await buckets.access.close();
      await (await client)?.close();
    },
  };
}

async function tokenless(context: CommandContext): Promise<HttpClient> {
  const [{ createHttpClient }, { httpOptions }] = await Promise.all([
    import('../../core/http/create-http-client.ts'),
    import('../http-options.ts'),
  ]);
  return createHttpClient(await httpOptions(context.environment, context.configuration, undefined, collectReceived()));
}

function notesOn({ collection, access }: Manifest, { deployment }: CloudPlace): string[] {
  const { publishers, replicas } = deployment;
  const allowed = Object.values(publishers).some(
    (publisher) => publisher.access.includes(access) && coversCollection(publisher.collections, collection),
  );
  const copied = replicasOf(replicas, collection);
  return [
    ...(allowed
      ? []
      : [`nobody may submit it: no publisher of weighbridge.yaml covers ${access} releases of ${collection}`]),
    ...copied.map((name) => `it would be copied to ${name} afterwards, which is not looked at here`),
  ];
}
