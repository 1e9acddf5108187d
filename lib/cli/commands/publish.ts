import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { exitCodes } from '../../contract/exit-codes.ts';
import { tagNote } from '../../core/author/manifest-draft.ts';
import { manifestFromDirectory } from '../../core/author/manifest-from-directory.ts';
import { Sha256 } from '../../core/digest/sha256.ts';
import { InvalidFile, UsageError } from '../../core/errors.ts';
import { lockManifest } from '../../core/lock/lock-manifest.ts';
import type { Access } from '../../core/manifest/manifest.ts';
import { parseManifest } from '../../core/manifest/parse-manifest.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { parseReleaseRef } from '../../core/mirror/release-ref.ts';
import { StoreMirror } from '../../core/mirror/store-mirror.ts';
import { readRegistry } from '../../core/registry/registry-file.ts';
import { defaultRetryPolicy } from '../../core/retry.ts';
import { openSource } from '../../core/sources/open-source.ts';
import { verifyMirror } from '../../core/verify/verify-mirror.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { asWeighbridgeError, errorDocument, errorLines, exitCodeOf } from '../error-output.ts';
import { sourcePorts } from '../source-ports.ts';
import { chooseStores, primaryStore } from '../staging/choose-stores.ts';
import type { LoadedManifest } from '../staging/load-manifest.ts';
import { defaultConcurrency, openStaging, type StagingOptions, stagingOptions } from '../staging/open-staging.ts';
import { runStage } from '../staging/run-stage.ts';
import { checkReportPlace, writeReport } from '../staging/save-report.ts';
import { stageSummary } from '../staging/stage-summary.ts';

export const run: CommandRun = async (context, input) => {
  const options = stagingOptions(input);
  const [path = '', name = ''] = input.args;
  const { collection, version } = parseReleaseRef(name);
  if (version === undefined) throw new UsageError(`${name} names no version: write ${collection}@1.0.0`);
  const access = (input.options.access as Access | undefined) ?? 'public';
  await checkReportPlace(context, options.report);
  // Before everything is hashed.
  const { primary: store } = await chooseStores(context, access, options);
  const tag = tagNote(collection, version);
  const known = tag === undefined ? undefined : (await readRegistry(store))?.registry.collections[collection];
  if (tag !== undefined && known === undefined) context.say(`note: ${tag}`);
  const staging = openStaging(context, options);
  try {
    const loaded = await manifestOf(context, path, { collection, version, access }, options, staging.state.folder);
    const { report, error, exit } = await runStage(context, loaded, new Map(), staging, options);
    if (!context.json) for (const line of stageSummary(report)) context.print(line);
    if (error !== undefined && !context.json) for (const line of errorLines(error)) context.say(line);
    const written = await writeReport(context, options.report, report);
    if (exit !== exitCodes.done) {
      if (context.json) context.printJson(report);
      return exit;
    }
    const verified = await verifyPublished(context, { collection, version, access }, options).catch(
      (thrown: unknown) => {
        // It is published all the same, and the one document must say so.
        const ended = asWeighbridgeError(context.signal.aborted ? context.signal.reason : thrown);
        if (context.json) context.printJson({ ...report, ok: false, ...errorDocument(ended) });
        else for (const line of errorLines(ended)) context.say(line);
        return exitCodeOf(ended);
      },
    );
    if (typeof verified === 'number') return verified;
    if (context.json) context.printJson({ ...report, ok: verified.ok, verified });
    else {
      for (const { kind, file, message } of verified.findings)
        context.print(escapeUnsafe(`${kind}  ${file}: ${message}`));
      context.print(verified.ok ? `${name} verified: every byte was read back` : `${name} does NOT verify`);
    }
    return verified.ok && written ? exitCodes.done : exitCodes.failed;
  } finally {
    await staging.close();
  }
};

interface ReleaseName {
  readonly collection: string;
  readonly version: string;
  readonly access: Access;
}

async function verifyPublished(context: CommandContext, release: ReleaseName, options: StagingOptions) {
  const { clock, reporter, signal } = context;
  const reader = new StoreMirror(await primaryStore(context, release.access, options.to));
  return await verifyMirror({ reader, releases: [release], quick: false, clock, reporter, signal });
}

/** Writes, locks and keeps the manifest that the folder amounts to. */
async function manifestOf(
  context: CommandContext,
  path: string,
  release: ReleaseName,
  options: StagingOptions,
  stateFolder: string,
): Promise<LoadedManifest> {
  const folder = resolve(context.cwd, path);
  const kind = await stat(folder).catch(() => undefined);
  if (kind === undefined) throw new UsageError(`${path} is not there`);
  const directory = kind.isDirectory() ? folder : dirname(folder);
  const written = await manifestFromDirectory({ ...release, directory: folder, manifestDirectory: directory });
  for (const { file, reason } of written.skipped) context.say(`note: ${escapeUnsafe(file)} is left out: ${reason}`);
  const file = `${release.collection}-${release.version}.yaml`;
  const parse = (text: string) => parseManifest(text, { file, directory });
  const ports = await sourcePorts(context, directory, undefined);
  const locked = await lockManifest(
    { file, text: written.text, manifest: parse(written.text).manifest },
    {
      openSource: (ref, spec) => openSource(ref, ports, spec),
      clock: context.clock,
      reporter: context.reporter,
      signal: context.signal,
      retry: defaultRetryPolicy,
      concurrency: options.concurrency ?? defaultConcurrency,
    },
  );
  const errors = locked.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new InvalidFile(`${path} cannot be published`, errors);
  const kept = join(stateFolder, 'manifests', file);
  await mkdir(dirname(kept), { recursive: true, mode: 0o700 });
  await writeFile(kept, locked.text);
  const { manifest, problems } = parse(locked.text);
  const warnings = problems.map(({ message }) => message);
  return { file, directory, sha256: Sha256.ofBytes(locked.text), manifest, warnings };
}
