import type { ImportFindingKind } from '../../lib/core/import/importer.ts';

/** One real file of another system, and what reading it must give. */
export interface SeedSample {
  /** What the importer is called. */
  readonly kind: string;
  /** Below the folder of samples. */
  readonly input: string;
  /** Files that settings name are below that folder too. */
  readonly settings: Readonly<Record<string, string>>;
  /** Every figure that is known; the importer may give more. */
  readonly figures: Readonly<Record<string, number>>;
  /** How many findings of a kind there are. */
  readonly findings: Readonly<Partial<Record<ImportFindingKind, number>>>;
}

/** The figures that descriptions of the five systems give for their own files. */
export const seedSamples: readonly SeedSample[] = [
  {
    kind: 'stemsep-registry',
    input: 'stemsep/models.v2.source.json',
    settings: {},
    figures: {
      models: 67,
      links: 124,
      'models without config link': 10,
      'config links without artifact': 2,
      'placeholder file names': 3,
      'file names that differ from their link': 24,
      'links to huggingface.co': 70,
      'links to github.com': 48,
      'links to raw.githubusercontent.com': 6,
      'with a digest': 0,
    },
    findings: { placeholder: 3, conflict: 2, 'absent-source': 10, 'missing-digest': 124 },
  },
  {
    kind: 'stemsep-upload-manifest',
    input: 'stemsep/mirror_upload_manifest.json',
    settings: {},
    figures: {
      models: 31,
      needs: 43,
      'checkpoint needs': 22,
      'config needs': 21,
      'needs ending in .yaml': 21,
      'needs ending in .ckpt': 19,
      'needs ending in .onnx': 2,
      'needs ending in .pth': 1,
      'without a source': 43,
    },
    findings: { placeholder: 1, 'missing-digest': 43 },
  },
  {
    kind: 'stemsep-upload-manifest',
    input: 'stemsep/mirror_upload_manifest.json',
    settings: {
      audit: 'stemsep/link_audit.with_fixes.json',
      report: 'stemsep/fetch_missing_release_assets_report.with_fixes.json',
    },
    figures: {
      'with a source': 42,
      'without a source': 1,
      'audited links': 132,
      'audited links never asked': 39,
      'report: downloaded': 8,
      'report: staged already': 34,
      'report: unresolved': 1,
    },
    findings: { 'signed-url': 1, claim: 2, 'missing-digest': 43 },
  },
  {
    kind: 'chemeleon-checkpoints',
    input: 'chemeleon2/checkpoints.plan-placeholders.yaml',
    settings: {},
    figures: { checkpoints: 4, artifacts: 4, 'with a digest': 0 },
    findings: { placeholder: 8 },
  },
  {
    kind: 'chemeleon-checkpoints',
    input: 'chemeleon2/checkpoints.2025-10-04.yaml',
    settings: {},
    figures: { checkpoints: 4, artifacts: 4, 'with a digest': 4 },
    findings: {},
  },
  {
    kind: 'chemeleon-checkpoints',
    input: 'chemeleon2/checkpoints.2025-11-18.yaml',
    settings: {},
    figures: { checkpoints: 4, artifacts: 4, 'with a digest': 0 },
    findings: { 'missing-digest': 4 },
  },
  {
    kind: 'falconeye-weights',
    input: 'falconeye/weights/manifest.json',
    settings: { pointers: 'falconeye/weights' },
    figures: { weights: 9, required: 9, 'with a digest': 9, 'placeholder URLs': 9, 'Git LFS pointers': 2 },
    findings: { placeholder: 9, 'missing-size': 7 },
  },
  {
    kind: 'tcn-vae-release',
    input: 'tcn-vae/v0.1.0',
    settings: { config: 'tcn-vae/model_config.json' },
    figures: { artifacts: 3, 'pending checks': 5, 'refused files': 0 },
    findings: { conflict: 1, placeholder: 5, claim: 1, 'absent-source': 1 },
  },
  {
    kind: 'riva-artifact',
    input: 'riva-130/last_artifact_metadata.json',
    settings: {},
    figures: { artifacts: 1, 'with a digest': 1, 'with a size': 1, claims: 3 },
    findings: { claim: 3, placeholder: 1 },
  },
];
