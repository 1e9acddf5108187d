import type { Deployment } from '../../contract/cloud/deployment.ts';
import { coversCollection } from '../../contract/cloud/publishers.ts';
import { NotAuthorised, UsageError } from '../errors.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import type { OwnBuckets } from '../pipeline/source-refusal.ts';
import { type RefusedSource, refusalHint, refusalMessage, refusedSources } from '../pipeline/source-rules.ts';
import { SourceError } from '../sources/source.ts';
import type { ChosenPublisher } from './choose-publisher.ts';

/**
 * What the pipeline would refuse and this machine can tell, before a byte is sent. The pipeline checks all of it again.
 * @returns what is not wrong but should be known, one line each.
 * @throws NotAuthorised where the publisher may not publish this; UsageError for a manifest that is not locked;
 * SourceError where weighbridge.yaml grants no source of a required artifact.
 */
export function checkSubmission(
  manifest: Manifest,
  { name, settings }: ChosenPublisher,
  deployment: Deployment,
  own: OwnBuckets,
): readonly string[] {
  const { collection, version, access } = manifest;
  const release = `${collection}@${version}`;
  if (!coversCollection(settings.collections, collection)) {
    throw new NotAuthorised(`the publisher ${name} may not publish ${collection}`, {
      hint: `Its collections in weighbridge.yaml are ${settings.collections.join(', ')}: add it there and deploy, or name another with --publisher.`,
    });
  }
  if (!settings.access.includes(access)) {
    throw new NotAuthorised(`the publisher ${name} may not publish ${access} releases, and ${release} is ${access}`, {
      hint: `Correct access: in the manifest, or add ${access} to publishers.${name}.access in weighbridge.yaml and deploy.`,
    });
  }
  if (deployment.cloud[access] === false) {
    throw new NotAuthorised(`this deployment has no ${access} mirror, and ${release} is ${access}`, {
      hint: `Correct access: in the manifest, or remove cloud.${access}: false from weighbridge.yaml and deploy.`,
    });
  }
  const unlocked = manifest.artifacts.filter(({ sha256, required }) => required && sha256 === undefined);
  if (unlocked[0] !== undefined) {
    const count = unlocked.length === 1 ? unlocked[0].id : `${unlocked[0].id} and ${unlocked.length - 1} more`;
    throw new UsageError(`${release} cannot be proven: the manifest has no sha256 for ${count}`, {
      hint: 'Run `weighbridge lock` on it, commit, and submit again.',
    });
  }
  return checkSources(manifest, refusedSources(manifest, deploymentGrants(deployment), own));
}

/** What of a deployment decides about sources. */
export function deploymentGrants({ sources, trustedOrigins, cloud }: Deployment) {
  return { sources, trustedOrigins, gcs: cloud.gcs };
}

function checkSources({ artifacts }: Manifest, refused: readonly RefusedSource[]): readonly string[] {
  const hopeless = (spec: ArtifactSpec) => {
    const count = refused.filter(({ artifact }) => artifact === spec.id).length;
    return count > 0 && count === spec.sources.length;
  };
  const fatal = artifacts.filter((spec) => spec.required && hopeless(spec)).map(({ id }) => id);
  const first = refused.find(({ artifact }) => artifact === fatal[0]);
  if (first !== undefined) {
    const more = fatal.length === 1 ? '' : `; likewise ${fatal.length - 1} more artifacts`;
    const hint = refusalHint(first);
    throw new SourceError('forbidden', `${first.artifact}: ${refusalMessage(first)}${more}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  }
  return refused.map((one) => `${one.artifact}: ${refusalMessage(one)}`);
}
