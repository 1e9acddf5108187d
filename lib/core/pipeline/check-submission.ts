import { coversCollection, type PublisherSettings } from '../../contract/cloud/publishers.ts';
import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import type { Sha256 } from '../digest/sha256.ts';
import { Refused } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { runId } from '../stage/run-progress.ts';
import type { Store } from '../stores/store.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { checkNoneRefused, refusedSources } from './source-rules.ts';

/** @throws Refused unless weighbridge.yaml lets this publisher submit the access policy. */
export function checkPolicyPublisher(place: AttemptPlace, { publishers }: PipelinePorts['configuration']): void {
  if (settingsOf(place, publishers).policy) return;
  throw new Refused('not-granted', `${place.publisher} may not submit the access policy`, {
    hint: `Only a publisher with \`policy: true\` in weighbridge.yaml may: say so there and deploy again.`,
  });
}

/** @throws Refused unless weighbridge.yaml lets this publisher publish this release. */
export function checkPublisher(
  { collection, access }: Pick<Manifest, 'collection' | 'access'>,
  place: AttemptPlace,
  { publishers }: PipelinePorts['configuration'],
): void {
  const settings = settingsOf(place, publishers);
  const { publisher } = place;
  if (!coversCollection(settings.collections, collection)) {
    throw new Refused('not-granted', `${publisher} may not publish ${collection}`, {
      hint: `\`publishers.${publisher}.collections\` in weighbridge.yaml lists what it may publish.`,
    });
  }
  if (settings.access.includes(access)) return;
  throw new Refused('not-granted', `${publisher} may not publish ${access} releases`, {
    hint: `\`publishers.${publisher}.access\` in weighbridge.yaml lists what it may publish.`,
  });
}

function settingsOf(
  { publisher }: AttemptPlace,
  publishers: PipelinePorts['configuration']['publishers'],
): PublisherSettings {
  const settings = Object.hasOwn(publishers, publisher) ? publishers[publisher] : undefined;
  if (settings !== undefined) return settings;
  throw new Refused('not-granted', `${publisher} is no publisher of this deployment`, {
    hint: 'Name it under `publishers` in weighbridge.yaml and deploy again.',
  });
}

/**
 * The key says which run it is, and reports lie under that name: it must be the run that the bytes make.
 * @param store where the run goes to: of a policy the state bucket
 */
export function checkRun(
  sha256: Sha256,
  { url }: Pick<Store, 'url'>,
  { run }: AttemptPlace,
  what: 'manifest' | 'policy',
): void {
  const actual = runId(sha256, url);
  if (actual === run) return;
  throw new Refused('wrong-submission', `the submission's key says run ${run}, its ${what} makes run ${actual}`, {
    hint: `Runs of this deployment go to ${url}: submit with its weighbridge.yaml.`,
    evidence: { claimed: run, actual },
  });
}

/** @throws Refused when the manifest names a source that weighbridge.yaml does not grant. */
export async function checkSources(manifest: Manifest, ports: PipelinePorts): Promise<void> {
  const privateStore = await ports.openPrimary('private');
  const own = {
    state: `s3://${ports.stateBucket}`,
    private: privateStore === undefined ? [] : [bucketOf(privateStore.url)],
  };
  checkNoneRefused(refusedSources(manifest, ports.configuration, own));
}

function bucketOf(url: string): string {
  return /^[a-z0-9]+:\/\/[^/]+/.exec(url)?.[0] ?? url;
}
