import type { Deployment } from '../../contract/cloud/deployment.ts';
import { coversCollection } from '../../contract/cloud/publishers.ts';
import { Refused, UsageError } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { OwnBuckets } from '../pipeline/source-refusal.ts';
import { checkNoneRefused, refusedSources } from '../pipeline/source-rules.ts';
import type { ChosenPublisher } from './choose-publisher.ts';

/**
 * What the pipeline would refuse and this machine can tell, before a byte is sent. The pipeline checks all of it again.
 * @throws Refused where weighbridge.yaml does not let this publisher publish this release, or read one of its sources;
 * UsageError for a manifest that is not locked.
 */
export function checkSubmission(
  manifest: Manifest,
  { name, settings }: ChosenPublisher,
  deployment: Deployment,
  own: OwnBuckets,
): void {
  const { collection, version, access } = manifest;
  const release = `${collection}@${version}`;
  if (!coversCollection(settings.collections, collection)) {
    throw new Refused('not-granted', `the publisher ${name} may not publish ${collection}`, {
      hint: `Its collections in weighbridge.yaml are ${settings.collections.join(', ')}: add it there and deploy, or name another with --publisher.`,
    });
  }
  if (deployment.cloud[access] === false) {
    throw new Refused('not-granted', `this deployment has no ${access} mirror, and ${release} is ${access}`, {
      hint: `Correct access: in the manifest, or remove cloud.${access}: false from weighbridge.yaml and deploy.`,
    });
  }
  if (!settings.access.includes(access)) {
    throw new Refused(
      'not-granted',
      `the publisher ${name} may not publish ${access} releases, and ${release} is ${access}`,
      {
        hint: `Correct access: in the manifest, or add ${access} to publishers.${name}.access in weighbridge.yaml and deploy.`,
      },
    );
  }
  const unlocked = manifest.artifacts.filter(({ sha256, required }) => required && sha256 === undefined);
  if (unlocked[0] !== undefined) {
    const count = unlocked.length === 1 ? unlocked[0].id : `${unlocked[0].id} and ${unlocked.length - 1} more`;
    throw new UsageError(`${release} cannot be proven: the manifest has no sha256 for ${count}`, {
      hint: 'Run `weighbridge lock` on it, commit, and submit again.',
    });
  }
  checkNoneRefused(refusedSources(manifest, deploymentGrants(deployment), own));
}

/** The same of the access policy. @throws Refused for a publisher that may not submit it. */
export function checkPolicySubmission({ name, settings }: ChosenPublisher): void {
  if (settings.policy) return;
  throw new Refused('not-granted', `the publisher ${name} may not submit the access policy`, {
    hint: `Write publishers.${name}.policy: true in weighbridge.yaml and deploy, or name one that has it with --publisher.`,
  });
}

/** What of a deployment decides about sources. */
export function deploymentGrants({ sources, trustedOrigins, cloud }: Deployment) {
  return { sources, trustedOrigins, gcs: cloud.gcs };
}
