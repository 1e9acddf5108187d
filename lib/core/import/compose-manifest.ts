import { draftText, type ManifestDraft } from '../author/manifest-draft.ts';
import { UsageError } from '../errors.ts';
import type { Access } from '../manifest/manifest.ts';
import { fitManifest, type ReleaseIdentity } from './fit-manifest.ts';
import type { ImportedManifest, ImportFinding } from './importer.ts';
import { type ExistingManifest, mergeManifest } from './merge-manifest.ts';
import { withoutCollisions } from './without-collisions.ts';

export interface ComposeOptions {
  /** What the user said, importers' own settings included. */
  readonly settings: ReadonlyMap<string, string>;
  /** The manifest that is there already. */
  readonly existing: ExistingManifest | undefined;
  /** More placeholder texts, from the configuration. */
  readonly placeholders: readonly string[];
  /** Where an editor finds the JSON schema, relative to the manifest. */
  readonly schema: string | undefined;
  /** Lines at the top of a new manifest, without `#`. */
  readonly comments: readonly string[];
}

export interface ComposedManifest extends ReleaseIdentity {
  /** Undefined when nothing is left that a manifest can have; the same string as before when nothing changes. */
  readonly text: string | undefined;
  readonly findings: readonly ImportFinding[];
  /** Artifacts that are new in the manifest. */
  readonly added: number;
  /** Artifacts of which absent fields were filled in. */
  readonly filled: number;
}

/**
 * The text of a manifest for what was imported: a new one, or the one that is there with what it lacks.
 * @throws UsageError for a name that is missing, cannot be, or is not that of the manifest that is there
 */
export function composeManifest(imported: ImportedManifest, options: ComposeOptions): ComposedManifest {
  const { settings, existing, placeholders } = options;
  const identity = identityOf(imported, settings, existing);
  const fitted = fitManifest(imported, {
    identity,
    license: settings.get('license'),
    sourceBase: settings.get('source-base'),
    placeholders,
  });
  const { artifacts, findings: collisions } = withoutCollisions(fitted.draft.artifacts);
  const draft: ManifestDraft = { ...fitted.draft, artifacts };
  const findings = [...fitted.findings, ...collisions];
  if (existing !== undefined) {
    const merged = mergeManifest(existing, withWrittenNames(draft, imported, settings), placeholders);
    return { ...identity, ...merged, findings: [...findings, ...merged.findings] };
  }
  const { schema, comments } = options;
  const text = artifacts.length === 0 ? undefined : draftText({ ...draft, schema, comments });
  return { ...identity, text, findings, added: artifacts.length, filled: 0 };
}

function identityOf(
  imported: ImportedManifest,
  settings: ReadonlyMap<string, string>,
  existing: ExistingManifest | undefined,
): ReleaseIdentity {
  const kept = existing?.manifest;
  const missing: string[] = [];
  const choose = (name: 'collection' | 'version'): string => {
    const said = settings.get(name);
    if (kept !== undefined && said !== undefined && said !== kept[name]) {
      throw new UsageError(`the manifest that is there has ${name} ${kept[name]}, not ${said}`, {
        hint: 'Write to another file with --output.',
      });
    }
    const value = said ?? kept?.[name] ?? imported[name];
    if (value === undefined) missing.push(name);
    return value ?? '';
  };
  const collection = choose('collection');
  const version = choose('version');
  if (missing.length > 0) {
    throw new UsageError(`the input does not say which ${missing.join(' and ')} this is`, {
      hint: `Give ${missing.map((name) => `--name ${name}=…`).join(' and ')}.`,
    });
  }
  const access = accessOf(settings.get('access')) ?? kept?.access ?? imported.access ?? 'public';
  return { collection, version, access };
}

function accessOf(text: string | undefined): Access | undefined {
  if (text === undefined || text === 'public' || text === 'private') return text;
  throw new UsageError(`access is public or private, not ${JSON.stringify(text.slice(0, 40))}`);
}

/** So that a manifest whose name was edited by hand is told from what the user or the input calls it. */
function withWrittenNames(
  draft: ManifestDraft,
  imported: ImportedManifest,
  settings: ReadonlyMap<string, string>,
): ManifestDraft {
  return {
    ...draft,
    collection: settings.get('collection') ?? imported.collection ?? draft.collection,
    version: settings.get('version') ?? imported.version ?? draft.version,
  };
}
