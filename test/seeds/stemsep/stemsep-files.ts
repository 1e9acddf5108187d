/** Files as StemSep keeps them: its formats, shapes and counts, with models of nobody. */

interface Link {
  readonly model: string;
  readonly kind: 'checkpoint' | 'config';
  readonly url: string;
}

const hub = 'https://huggingface.co/example-org';
const mirror = 'https://github.com/example-org/example-models/releases/download/models-v2-2026-01-01';
const number = (index: number) => String(index + 1).padStart(3, '0');

/** What the published registry has of each oddity; later ones have other counts. */
export interface RegistryShape {
  readonly models: number;
  /** The last ones have neither link nor artifact for a config. */
  readonly nullConfigs: number;
  /** `artifacts.config` is null although `links.config` is set. */
  readonly nullConfigArtifacts: number;
  readonly missingNames: number;
  /** Models without `links.checkpoint`, and models without `artifacts`: from the end, before the null configs. */
  readonly withoutLinks?: number;
  readonly withoutArtifacts?: number;
}

export const januaryShape: RegistryShape = { models: 67, nullConfigs: 10, nullConfigArtifacts: 2, missingNames: 3 };
export const marchShape: RegistryShape = {
  ...{ models: 114, nullConfigs: 27, nullConfigArtifacts: 0, missingNames: 0 },
  ...{ withoutLinks: 19, withoutArtifacts: 29 },
};

/** `models.v2.source.json`. */
export function registryFile(shape: RegistryShape, upstream = hub): object {
  const models = Array.from({ length: shape.models }, (_, index) => registryModel(shape, index, upstream));
  const source = { tool: 'scripts/registry/make.py', repo: 'Example', commit: null, notes: 'made for a test' };
  return { version: '2.0', generated_at: '1970-01-01T00:00:00Z', source, models };
}

function registryModel(shape: RegistryShape, index: number, upstream: string): object {
  const id = `voice-${number(index)}`;
  const fromEnd = shape.models - 1 - index;
  const config = fromEnd >= shape.nullConfigs;
  const linked = fromEnd >= (shape.withoutLinks ?? 0);
  const described = fromEnd >= (shape.withoutArtifacts ?? 0);
  const filename = index < shape.missingNames ? `${id}.MISSING` : `model_${id}.ckpt`;
  const configFile = { kind: 'config', filename: `config_${id}.yaml`, sha256: null };
  const artifacts = {
    primary: { kind: 'checkpoint', filename, sha256: null },
    config: config && index >= shape.nullConfigArtifacts ? configFile : null,
    additional: [],
  };
  return {
    id,
    name: `Voice ${number(index)}`,
    architecture: index % 2 === 0 ? 'Mel-Roformer' : 'MDX-Net',
    tags: [],
    links: {
      checkpoint: linked ? `${upstream}/${id}/resolve/main/model_${id}.ckpt` : null,
      config: config && linked ? `${upstream}/${id}/resolve/main/config_${id}.yaml` : null,
      homepage: null,
    },
    ...(described ? { artifacts } : {}),
    metrics: { sdr: 0.0, fullness: null },
    vram_required: 8.0,
  };
}

/** How the links of the upload manifest had failed: 31 models with 43 needs. */
const failures: readonly (readonly [count: number, status: number | null, address: string])[] = [
  [26, 404, `${hub}/gone/resolve/main`],
  [12, 401, `${hub}/gated/resolve/main`],
  [2, 404, 'https://raw.githubusercontent.com/example-org/configs/main'],
  [1, 404, 'https://zenodo.org/records/1/files'],
  [1, 404, 'https://github.com/example-org/other/releases/download/v1'],
];

/** The needs of the manifest: 22 checkpoints (19 .ckpt, 2 .onnx, 1 .pth) and 21 configs of 31 models. */
export function uploadNeeds(): readonly (Link & { readonly filename: string; readonly status: number | null })[] {
  const files = Array.from({ length: 43 }, (_, index) => {
    const config = index >= 22;
    // The first 12 models need both.
    const model = `voice-${number(config ? index - 22 + (index - 22 < 12 ? 0 : 10) : index)}`;
    const ending = config ? '.yaml' : index < 19 ? '.ckpt' : index < 21 ? '.onnx' : '.pth';
    return { model, kind: config ? ('config' as const) : ('checkpoint' as const), filename: `${model}${ending}` };
  });
  const statuses = failures.flatMap(([count, status, address]) =>
    Array.from({ length: count }, () => ({ status, address })),
  );
  return files.map((file, index) => {
    const failed = statuses[index - 1];
    // The first one never had a link.
    if (failed === undefined) return { ...file, url: 'MISSING', status: null };
    return { ...file, url: `${failed.address}/${file.filename}`, status: failed.status };
  });
}

/** `mirror_upload_manifest.json`. */
export function uploadManifest(): object {
  const needs = uploadNeeds();
  const models = [...new Set(needs.map(({ model }) => model))].sort();
  return {
    version: 1,
    kind: 'github-release-upload-manifest',
    mirror_repo: 'example-org/example-models',
    release_tag: 'models-v2-2026-01-01',
    filename_policy: {
      checkpoint_filename_template: '{model_id}{ext}',
      config_filename_template: '{model_id}.yaml',
      allowed_checkpoint_exts: ['.ckpt', '.pth', '.onnx'],
      default_checkpoint_ext: '.ckpt',
    },
    models: models.map((model_id) => ({
      model_id,
      needs: needs
        .filter(({ model }) => model === model_id)
        .map(({ kind, filename }) => ({ kind, filename, mirror_url: `${mirror}/${filename}` })),
      sources: needs
        .filter(({ model }) => model === model_id)
        .map(({ kind, url, status }) => ({ kind, url, status, host: URL.parse(url)?.hostname ?? 'INVALID' })),
    })),
  };
}

const signed = (name: string) =>
  `https://cas.example.org/${name}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0123456789abcdef&Expires=1&Policy=p`;
const releaseAsset = (name: string) => `https://release-assets.example.org/${name}?sp=r&sig=abcdef&jwt=ey.ey.ey`;

/**
 * `link_audit.with_fixes.json`: 93 links that answered and 39 that were put in unasked, under a header that says 94.
 * One model is there under its older id.
 * @param upstream where the files are
 */
export function linkAudit(upstream: string, olderId = 'voice-001+'): object {
  const row = (link: Link, asked: boolean, index: number) => ({
    ...{ model_id: link.model, kind: link.kind, url: link.url, ok: asked ? true : null, status: asked ? 200 : null },
    final_url: asked ? (index % 2 === 0 ? signed(link.model) : releaseAsset(link.model)) : null,
    ...{ error: null, elapsed_ms: asked ? 300 : null, requires_auth_without_token: asked ? false : null },
    ...{ ok_with_token: null, status_with_token: null },
  });
  const needed = uploadNeeds().map(({ model, kind, filename }) => ({
    ...{ kind, url: `${upstream}/${filename}` },
    model: model === 'voice-001' && kind === 'checkpoint' ? olderId : model,
  }));
  const others = Array.from({ length: 89 }, (_, index) => ({
    ...{ model: `other-${number(index)}`, kind: 'checkpoint' as const, url: `${upstream}/other-${number(index)}.ckpt` },
  }));
  const results = [...others, ...needed].map((link, index) => row(link, index < 93, index));
  return { registry: 'app\\assets\\models.json.bak', checked: 94, ok: 94, fail: 0, has_token: false, results };
}

/** `hf_link_suggestions.json`: 14, of which four move a file and three are of another file type. */
export function suggestions(): object {
  const rows = uploadNeeds().slice(0, 14);
  const suggestion = ({ model, kind, filename }: (typeof rows)[number], index: number) => {
    const stem = filename.replace(/\.[^.]+$/u, '');
    const similar = `${stem.slice(0, -1)}x${filename.slice(stem.length)}`;
    const match = index < 4 ? `models/${filename}` : index < 7 ? `${stem}.yaml` : similar;
    const url = `${hub}/gone/resolve/main/${filename}`;
    return {
      ...{ model_id: model, kind, status: 404, url, repo: 'example-org/gone', rev: 'main', requested_path: filename },
      ...{ best_match_path: match, best_match_score: index < 4 ? 1 : 0.96, reason: 'Best fuzzy match' },
    };
  };
  return { audit: 'reports/link_audit.json', count: 14, suggestions: rows.map(suggestion) };
}

/** `registry_link_fixes.json`. */
export function linkFixes(links: readonly Link[]): object {
  const models = [...new Set(links.map(({ model }) => model))];
  const linksOf = (id: string) =>
    links.filter(({ model }) => model === id).map(({ kind, url }) => [kind, url] as const);
  return Object.fromEntries(
    models.map((id) => [id, { links: { ...Object.fromEntries(linksOf(id)), repository: hub } }]),
  );
}

/** `model_id_aliases.json`. */
export function aliasFile(aliases: Readonly<Record<string, string>>): object {
  return { _meta: { description: 'older ids' }, aliases };
}

/**
 * The fetch report of the run with fixes: 34 files staged before, 8 downloaded, one unresolved; two models have one
 * digest because one of them is the wrong file.
 */
export function fetchReport(): object {
  const rows = uploadNeeds().map(({ model, kind, filename }, index) => ({
    ...{ model_id: model, kind, filename, path: `reports\\stage\\${filename}`, bytes: 1000 + index },
    sha256: String(index === 2 ? 1 : index).padStart(64, 'a'),
  }));
  const [first, ...others] = rows;
  return {
    ...{ manifest: 'reports\\manifest.json', needs_total: 43, skipped_present_in_release: [], failed: [] },
    staged_already: others.slice(0, 34),
    downloaded: others.slice(34).map((row) => ({ ...row, status: 200, final_url: signed(row.model_id), url: hub })),
    unresolved: [
      { model_id: first?.model_id, kind: first?.kind, filename: first?.filename, reason: 'no_candidate_urls' },
    ],
  };
}

/** The runtime catalog that is compiled from the registry: sources in a list of their own, with paths to install at. */
export function runtimeCatalog(): object {
  const source = (url: string, priority: number, verified: boolean) => ({
    url,
    priority,
    verified,
    channel: 'upstream',
  });
  const file = (kind: string, name: string, sources: readonly object[], sha256: string | null) => ({
    ...{
      kind,
      filename: name,
      canonical_path: `family/voice/${name}`,
      required: true,
      sha256,
      size_bytes: 702,
      sources,
    },
  });
  const share = source('https://drive.proton.me/urls/ABC', 0, true);
  const artifacts = [
    file(
      'checkpoint',
      'voice.ckpt',
      [source('https://files.example.org/second', 2, false), source(`${mirror}/v.ckpt`, 1, true)],
      null,
    ),
    file('config', 'voice.yaml', [share], 'ab'.repeat(32)),
    file('config', 'voice.yaml', [share], null),
  ];
  const models = [
    { id: 'voice', links: {}, artifacts: {}, download: { artifacts } },
    { id: 'page', download: null },
  ];
  return {
    schema_version: 'catalog-runtime-v4',
    version: '4.0',
    models,
    sources: [share],
    selection_index: [],
    workflows: [],
  };
}

export function jsonText(value: object, lineEnding: '\n' | '\r\n' = '\n'): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', lineEnding);
}
