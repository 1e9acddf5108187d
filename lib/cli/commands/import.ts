import { dirname, join, relative } from 'node:path';
import { exitCodes } from '../../contract/exit-codes.ts';
import { UsageError } from '../../core/errors.ts';
import { httpWhenNeeded } from '../../core/http/http-when-needed.ts';
import { composeManifest } from '../../core/import/compose-manifest.ts';
import type { ImportPorts } from '../../core/import/import-ports.ts';
import { readSettings } from '../../core/import/import-settings.ts';
import type { ImportedManifest, Importer, ImportFinding } from '../../core/import/importer.ts';
import { importers } from '../../core/import/importers.ts';
import { closestWord } from '../../core/manifest/did-you-mean.ts';
import { parseManifest } from '../../core/manifest/parse-manifest.ts';
import { collectionProblem, versionProblem } from '../../core/manifest/release-name.ts';
import { sourceBuckets } from '../../core/sources/source-buckets.ts';
import { schemaReference } from '../authoring/schema-reference.ts';
import type { CommandContext, CommandInput, CommandRun } from '../command-context.ts';
import {
  figuresLine,
  fileLine,
  findingLines,
  type ImportedFile,
  type ImportReport,
  safeFindings,
} from '../importing/import-report.ts';
import { type ImportTarget, importTarget } from '../importing/import-target.ts';
import { type ManifestFile, readManifestFile, writeManifestFile } from '../importing/manifest-file.ts';

/** `import KIND INPUT [-o MANIFEST] [--name K=V]...` */
export const run: CommandRun = async (context, { args, options }) => {
  const [kind = '', input = ''] = args;
  const importer = importerOf(kind);
  const settings = readSettings(importer, textList(options.name));
  const target = await importTarget(context.cwd, input, textOf(options.output));
  const result = await importer.read({ input, settings: Object.fromEntries(settings) }, importPorts(context, target));

  const findings: ImportFinding[] = result.findings.filter(
    // What was without a source has the one that the user gave.
    (finding) => finding.kind !== 'absent-source' || !settings.has('source-base'),
  );
  const composed: Composed[] = [];
  for (const imported of result.manifests) {
    const one = await compose(context, { importer, imported, settings, target });
    if (composed.some(({ file }) => file.path === one.file.path)) {
      throw new UsageError(`${one.file.shown} would be written twice`, { hint: 'Name a folder with --output.' });
    }
    findings.push(...one.findings);
    composed.push(one);
  }
  const manifests: ImportedFile[] = [];
  for (const { file, text, ...counts } of composed) {
    if (text === undefined) continue;
    const { findings: _, ...shown } = counts;
    manifests.push({ manifest: file.shown, ...shown, changed: await writeManifestFile(file, text) });
  }
  const { figures } = result;
  const ok = manifests.length > 0;
  report(context, { kind, ok, manifests, figures, findings: safeFindings(findings) }, settings);
  return ok ? exitCodes.done : exitCodes.invalid;
};

function importerOf(kind: string): Importer {
  const importer = importers.find((each) => each.kind === kind);
  if (importer !== undefined) return importer;
  const kinds = importers.map((each) => each.kind);
  const word = closestWord(kind, kinds);
  throw new UsageError(`${JSON.stringify(kind.slice(0, 60))} is no kind that can be imported`, {
    hint: word === undefined ? `There are ${kinds.join(', ')}.` : `Did you mean ${word}?`,
  });
}

function importPorts(context: CommandContext, target: ImportTarget): ImportPorts {
  const { cwd, environment, clock, reporter, signal } = context;
  return {
    cwd,
    manifestDirectory: target.directory,
    placeholders: context.configuration.placeholders,
    http: httpWhenNeeded(() => context.http()),
    huggingFaceEndpoint: environment.hfEndpoint,
    gitHubApi: environment.githubApiUrl,
    openBucket: sourceBuckets(context.buckets, clock),
    clock,
    reporter,
    signal,
  };
}

interface Composed extends Omit<ImportedFile, 'manifest' | 'changed'> {
  readonly file: ManifestFile;
  readonly text: string | undefined;
  readonly findings: readonly ImportFinding[];
}

interface ComposeRequest {
  readonly importer: Importer;
  readonly imported: ImportedManifest;
  readonly settings: ReadonlyMap<string, string>;
  readonly target: ImportTarget;
}

async function compose(context: CommandContext, request: ComposeRequest): Promise<Composed> {
  const { importer, imported, settings, target } = request;
  const { placeholders } = context.configuration;
  const named = {
    collection: settings.get('collection') ?? imported.collection ?? '',
    version: settings.get('version') ?? imported.version ?? '',
  };
  // What the input calls itself is no path before it was looked at; the error for it comes from `composeManifest`.
  const usable = target.fixed || isReleaseName(named);
  const path = usable ? target.pathFor(named, imported) : join(target.directory, 'manifest.yaml');
  const shown = relative(context.cwd, path);
  const directory = dirname(path);
  const file = usable
    ? await readManifestFile(path, shown, placeholders)
    : { path, shown, bytes: undefined, existing: undefined };
  const made = composeManifest(imported, {
    settings,
    existing: file.existing,
    placeholders,
    schema: schemaReference(directory, context.cwd),
    comments: [`Imported with weighbridge import ${importer.kind}. Import again to add what is new: edits here stay.`],
  });
  const { text, findings, added, filled, collection, version } = made;
  // The author's own validator has the last word: what is written here must pass it.
  const parsed =
    text === undefined ? undefined : parseManifest(text, { file: shown, directory, placeholders, beforeLock: true });
  const artifacts = parsed?.manifest.artifacts.length ?? 0;
  return { file, text, findings, added, filled, collection, version, artifacts };
}

function isReleaseName({ collection, version }: { readonly collection: string; readonly version: string }): boolean {
  return collectionProblem(collection) === undefined && versionProblem(version, 'tag') === undefined;
}

function report(context: CommandContext, done: ImportReport, settings: ReadonlyMap<string, string>): void {
  if (context.json) {
    context.printJson(done);
    return;
  }
  context.say(`read: ${figuresLine(done.figures)}`);
  for (const line of findingLines(done.findings)) context.say(line);
  for (const file of done.manifests) context.print(fileLine(file));
  if (!done.ok) context.say('nothing is left that a manifest can have; nothing was written');
  if (done.manifests.some(({ changed }) => changed) && !settings.has('access')) {
    context.say('note: access is as the input says, else public; --name access=private keeps a release private');
  }
  for (const { manifest, changed } of done.manifests) if (changed) context.say(`next: weighbridge lock ${manifest}`);
}

function textList(value: CommandInput['options'][string]): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
