import type { Json } from '../../manifest/manifest.ts';
import { looseFields, looseList } from '../../manifest/manifest-document.ts';
import type { ReleaseMetadata } from './tcn-vae-release.ts';

/** What a release of this model must say about itself to be published, from what the files say now. */
export function proposedGates(documents: ReleaseMetadata): readonly { readonly [key: string]: Json }[] {
  const metrics = documents['eval_metrics.json'];
  const normalization = documents['normalization.json'];
  const gates: { readonly [key: string]: Json }[] = [];
  if (metrics !== undefined) {
    const file = 'eval_metrics.json';
    const accuracy = looseFields(metrics.evaluation).validation_accuracy;
    const architecture = looseFields(metrics.model_architecture);
    gates.push({ file, path: 'version', version: true });
    if (typeof accuracy === 'number') gates.push({ file, path: 'evaluation.validation_accuracy', min: accuracy });
    const shape = looseList(architecture.input_shape).filter((size) => typeof size === 'number');
    if (shape.length > 0) gates.push({ file, path: 'model_architecture.input_shape', equals: shape });
    if (typeof architecture.latent_dim === 'number') {
      gates.push({ file, path: 'model_architecture.latent_dim', equals: architecture.latent_dim });
    }
    gates.push({ file, path: 'validation_checklist', none: '^○', level: 'warn' });
  }
  if (normalization !== undefined) {
    const file = 'normalization.json';
    gates.push({ file, path: 'version', version: true });
    for (const list of ['zscore_mean', 'zscore_std']) {
      const values = looseFields(normalization.normalization)[list];
      if (Array.isArray(values)) gates.push({ file, path: `normalization.${list}`, length: values.length });
    }
  }
  return gates;
}
