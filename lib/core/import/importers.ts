import type { Importer } from './importer.ts';
import { chemeleonCheckpoints } from './systems/chemeleon-checkpoints.ts';
import { falconeyeWeights } from './systems/falconeye-weights.ts';
import { stemsepRegistry } from './systems/stemsep-registry.ts';
import { stemsepUploadManifest } from './systems/stemsep-upload-manifest.ts';

/** Every format that can be imported: those of nobody in particular first. */
export const importers: readonly Importer[] = [
  stemsepRegistry,
  stemsepUploadManifest,
  chemeleonCheckpoints,
  falconeyeWeights,
];
