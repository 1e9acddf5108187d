import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { ImportedArtifact } from '../importer.ts';
import type { FindingList } from './finding-list.ts';
import type { ReleaseMetadata } from './tcn-vae-release.ts';

/** A number that several files say, each at its own place. */
interface Statement {
  readonly what: string;
  readonly said: readonly (readonly [place: string, value: unknown])[];
}

/** Compares what the files of one release say about the same thing; nothing is decided. */
export function checkMetadata(
  documents: ReleaseMetadata,
  artifacts: readonly ImportedArtifact[],
  folder: string,
  findings: FindingList,
): void {
  const metrics = documents['eval_metrics.json'] ?? {};
  const normalization = documents['normalization.json'] ?? {};
  const config = documents['model_config.json'] ?? {};
  const subject = 'release';
  checkVersions(documents, folder, findings);
  for (const { what, said } of statements(metrics, normalization, config)) {
    const given = said.filter(([, value]) => value !== undefined && value !== null);
    if (new Set(given.map(([, value]) => JSON.stringify(value))).size < 2) continue;
    const places = given.map(([place, value]) => `${JSON.stringify(value).slice(0, 80)} (${place})`).join(', ');
    findings.add('conflict', subject, what, `${what}: ${places}`);
  }
  checkSize(looseFields(metrics.model_architecture).model_size_mb, artifacts, findings);
  checkList(looseFields(metrics.validation_checklist), findings);
}

function statements(metrics: LooseFields, normalization: LooseFields, config: LooseFields): Statement[] {
  const architecture = looseFields(metrics.model_architecture);
  const training = looseFields(metrics.training_configuration);
  const details = looseFields(normalization.training_details);
  const scores = looseFields(normalization.normalization);
  // The second schema of model_config.json keeps the same facts elsewhere.
  const specs = looseFields(config.model_specs);
  const [, length, channels] = looseList(architecture.input_shape);
  const count = (list: unknown) => (Array.isArray(list) ? list.length : undefined);
  return [
    {
      what: 'channels',
      said: [
        ['eval_metrics.json input_shape', channels],
        ['eval_metrics.json input_channels', architecture.input_channels],
        ['normalization.json channel_order', count(normalization.channel_order)],
        ['normalization.json zscore_mean', count(scores.zscore_mean)],
        ['normalization.json zscore_std', count(scores.zscore_std)],
        ['model_config.json input_dim', config.input_dim ?? looseList(specs.input_shape)[2]],
      ],
    },
    {
      what: 'window',
      said: [
        ['eval_metrics.json input_shape', length],
        ['eval_metrics.json sequence_length', architecture.sequence_length],
        ['normalization.json window_size', normalization.window_size],
        ['model_config.json sequence_length', config.sequence_length ?? specs.sequence_length],
      ],
    },
    {
      what: 'latent_dim',
      said: [
        ['eval_metrics.json', architecture.latent_dim],
        ['model_config.json', config.latent_dim ?? specs.latent_dimension],
      ],
    },
    {
      what: 'activities',
      said: [
        ['model_config.json num_activities', config.num_activities],
        ['eval_metrics.json n_activities', training.n_activities],
        ['normalization.json n_activities', details.n_activities],
        ['eval_metrics.json output_motif_scores', architecture.output_motif_scores],
      ],
    },
    ...['mean', 'std'].map((name) => ({
      what: `zscore_${name}`,
      said: [
        ['normalization.json', scores[`zscore_${name}`]],
        ['model_config.json', looseFields(config.normalization)[name]],
      ] as const,
    })),
    {
      what: 'accuracy',
      said: [
        ['eval_metrics.json', looseFields(metrics.evaluation).validation_accuracy_percent],
        ['normalization.json', details.validation_accuracy],
        ['model_config.json', looseFields(config.export_info).model_accuracy],
      ],
    },
    {
      what: 'model_size_mb',
      said: [
        ['eval_metrics.json', architecture.model_size_mb],
        ['normalization.json', details.model_size_mb],
        ['model_config.json', looseFields(config.files).size_mb],
      ],
    },
  ];
}

function checkVersions(documents: ReleaseMetadata, folder: string, findings: FindingList): void {
  const said = Object.entries(documents).flatMap(([name, { version }]) => (textOf(version) ? [[name, version]] : []));
  if (/^v?\d+\.\d+\.\d+/u.test(folder)) said.push(['the folder', folder]);
  const plain = new Set(said.map(([, version]) => String(version).replace(/^v/u, '')));
  if (plain.size < 2) return;
  const places = said.map(([name, version]) => `${version} (${name})`).join(', ');
  findings.add('conflict', 'release', 'version', `the files are of several versions: ${places}`);
}

/** `model_size_mb` is rough: no asset within a quarter of it is worth a look. */
function checkSize(declared: unknown, artifacts: readonly ImportedArtifact[], findings: FindingList): void {
  const weights = artifacts.filter(({ kind, size }) => kind === 'checkpoint' && size !== undefined);
  if (typeof declared !== 'number' || weights.length === 0) return;
  if (weights.some(({ size = 0 }) => Math.abs(size / 1e6 - declared) <= declared / 4)) return;
  const sizes = weights.map(({ file, size = 0 }) => `${file} ${(size / 1e6).toFixed(1)}`).join(', ');
  findings.add('conflict', 'release', 'model_size_mb', `declared ${declared} MB, but no asset is near: ${sizes}`);
}

function checkList(checklist: LooseFields, findings: FindingList): void {
  const items = Object.entries(checklist);
  const done = items.filter(([, value]) => textOf(value)?.trim().startsWith('✓') === true || value === true);
  for (const [name, value] of items) {
    const text = textOf(value)?.trim();
    if (text === undefined || text.startsWith('✓')) continue;
    findings.add('placeholder', 'eval_metrics.json', `validation_checklist.${name}`, `not done: ${text.slice(0, 120)}`);
  }
  if (done.length > 0) {
    const message = `${done.length} items are ticked by their author; that proves nothing here`;
    findings.add('claim', 'eval_metrics.json', 'validation_checklist', message);
  }
}
