import { createHash } from 'node:crypto';

/** The metadata of a release as TCN-VAE keeps it, with other names and numbers. */

export interface MetadataChanges {
  readonly version?: string;
  readonly means?: number;
  readonly latent?: number;
  readonly checklist?: Readonly<Record<string, string>>;
}

export const pendingChecklist = {
  model_training: '✓ Completed with 61.25% validation accuracy',
  normalization_parameters: '✓ Generated',
  export_pipeline: '○ ONNX export validation pending',
  integration_testing: '○ end-to-end testing pending',
};

/** The two weights of a release, as Git LFS pointers give them: digest and bytes. */
export const releaseWeights = [
  { name: 'encoder.pth', size: 1_718_967, sha256: createHash('sha256').update('encoder').digest('hex') },
  { name: 'full_model.pth', size: 4_453_109, sha256: createHash('sha256').update('full').digest('hex') },
] as const;

export function pointerText({ sha256, size }: { readonly sha256: string; readonly size: number }): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
}

/** `eval_metrics.json`, `normalization.json`, `model_card.md` and `model_config.json` of version 0.1.0, by name. */
export function releaseMetadata(changes: MetadataChanges = {}): Record<string, string> {
  const version = changes.version ?? 'v0.1.0';
  const channels = ['ax', 'ay', 'az', 'gx', 'gy', 'gz', 'mx', 'my', 'mz'];
  const metrics = {
    version,
    model_metadata: { name: 'Encoder', description: 'Recognises what people do' },
    evaluation: { validation_accuracy: 0.6125, validation_accuracy_percent: '61.25%' },
    model_architecture: {
      input_shape: [1, 100, 9],
      input_channels: 9,
      ...{ sequence_length: 100, latent_dim: 64, output_motif_scores: 12, model_size_mb: 4.4 },
    },
    training_configuration: { n_activities: 13, window_size: 100 },
    validation_checklist: changes.checklist ?? pendingChecklist,
    generated: { timestamp: '2025-01-01T00:00:00Z' },
  };
  const means = Array.from({ length: changes.means ?? 9 }, (_, index) => index / 10);
  const normalization = {
    version: 'v0.1.0',
    channel_order: channels,
    normalization: { method: 'z_score', zscore_mean: means, zscore_std: channels.map(() => 1.5) },
    units: { accelerometer: 'm/s²', magnetometer: 'μT' },
    window_size: 100,
    training_details: { n_activities: 13, model_size_mb: 4.4, validation_accuracy: '61.25%' },
  };
  return {
    'eval_metrics.json': JSON.stringify(metrics, null, 2),
    'normalization.json': JSON.stringify(normalization, null, 2),
    'model_card.md': '# Encoder\n\nRecognises what people do.\n',
    'model_config.json': JSON.stringify(modelConfig(changes.latent ?? 64), null, 2),
  };
}

/** The first schema of `model_config.json`; it has no version. */
export function modelConfig(latent: number): object {
  return {
    ...{ input_dim: 9, hidden_dims: [64, 128, 256], latent_dim: latent, sequence_length: 100, window_overlap: 0.5 },
    ...{ num_activities: 13, activity_mapping: { set_one: { '1': 'lying', '2': 'sitting' } } },
  };
}

/** The second one: other names, and means that went through float32. */
export function exportedModelConfig(): object {
  const mean = Array.from({ length: 9 }, (_, index) => Math.fround(index / 10));
  return {
    export_info: { timestamp: '2025-02-01T00:00:00Z', model_accuracy: '72.13%', export_version: '1.0.0' },
    model_specs: { input_shape: [1, 100, 9], output_shape: [1, 64], sequence_length: 100, latent_dimension: 64 },
    normalization: { method: 'z_score_per_channel', mean, std: mean.map(() => 1.5) },
    files: { onnx_model: 'encoder.onnx', pytorch_checkpoint: 'encoder.pth', size_mb: 4.4 },
  };
}

/** Files that deployments wrote in the place of weights. */
export const mockFiles: Readonly<Record<string, string>> = {
  'placeholder.pth': 'PLACEHOLDER_EXAMPLE_MODEL_20250101 written by a deployment\n',
  'dummy.onnx': 'DUMMY_ONNX_MODEL_FOR_TESTING_20250101\n',
  'mock.hef': JSON.stringify({ mock_hef: true, original_onnx: 'x.onnx', note: 'This is a mock HEF file.' }, null, 2),
  'page.onnx': '<!DOCTYPE html><html><body>Not Found</body></html>',
  'empty.pth': '',
};
