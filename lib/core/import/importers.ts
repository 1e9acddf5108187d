import { bucketImporter } from './bucket.ts';
import { directoryImporter } from './directory.ts';
import { gitHubReleaseImporter } from './github-release.ts';
import { huggingFaceImporter } from './hugging-face.ts';
import type { Importer } from './importer.ts';
import { poochImporter } from './pooch.ts';
import { sha256sumsImporter } from './sha256sums.ts';
import { chemeleonCheckpoints } from './systems/chemeleon-checkpoints.ts';
import { falconeyeWeights } from './systems/falconeye-weights.ts';
import { rivaArtifact } from './systems/riva-artifact.ts';
import { stemsepRegistry } from './systems/stemsep-registry.ts';
import { stemsepUploadManifest } from './systems/stemsep-upload-manifest.ts';
import { tcnVaeRelease } from './systems/tcn-vae-release.ts';

/** Every format that can be imported: those of nobody in particular first. */
export const importers: readonly Importer[] = [
  directoryImporter,
  sha256sumsImporter,
  huggingFaceImporter,
  gitHubReleaseImporter,
  bucketImporter,
  poochImporter,
  stemsepRegistry,
  stemsepUploadManifest,
  chemeleonCheckpoints,
  tcnVaeRelease,
  falconeyeWeights,
  rivaArtifact,
];
