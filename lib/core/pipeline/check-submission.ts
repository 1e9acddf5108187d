import { coversCollection } from '../../contract/cloud/publishers.ts';
import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import type { Submission } from '../../contract/cloud/submission.ts';
import { Refused } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { runId } from '../stage/run-progress.ts';
import type { Store } from '../stores/store.ts';
import type { SubmittedManifest } from './attempt.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { checkNoneRefused, refusedSources } from './source-rules.ts';

/** @throws Refused for what this version or this publisher cannot submit. */
export function checkKind({ kind }: Submission, { publisher }: AttemptPlace): void {
  if (kind === 'manifest') return;
  throw new Refused('not-granted', `${publisher} submitted an access policy, which this version does not take`);
}

/** @throws Refused unless weighbridge.yaml lets this publisher publish this release. */
export function checkPublisher(
  { collection, access }: Pick<Manifest, 'collection' | 'access'>,
  { publisher }: AttemptPlace,
  { publishers }: PipelinePorts['configuration'],
): void {
  const settings = Object.hasOwn(publishers, publisher) ? publishers[publisher] : undefined;
  if (settings === undefined) {
    throw new Refused('not-granted', `${publisher} is no publisher of this deployment`, {
      hint: 'Name it under `publishers` in weighbridge.yaml and deploy again.',
    });
  }
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

/** The key says which run it is, and reports lie under that name: it must be the run that the bytes make. */
export function checkRun({ sha256 }: SubmittedManifest, store: Store, { run }: AttemptPlace): void {
  const actual = runId(sha256, store.url);
  if (actual === run) return;
  throw new Refused('wrong-submission', `the submission's key says run ${run}, its manifest makes run ${actual}`, {
    hint: `Runs of this deployment go to ${store.url}: submit with its weighbridge.yaml.`,
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
