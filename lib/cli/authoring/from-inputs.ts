import { dirname, join, relative, resolve } from 'node:path';
import { parseRepository, repositoryArtifacts } from '../../core/author/hugging-face-artifacts.ts';
import { listRepository } from '../../core/author/list-repository.ts';
import type { SkippedFile } from '../../core/author/local-files.ts';
import { localSources, pathBelow } from '../../core/author/local-sources.ts';
import { draftText, tagNote } from '../../core/author/manifest-draft.ts';
import { nothingToTake } from '../../core/author/manifest-from-directory.ts';
import { nameArtifacts, type UnnamedArtifact } from '../../core/author/name-artifacts.ts';
import { UsageError } from '../../core/errors.ts';
import { parseSource, sourceFileName } from '../../core/sources/parse-source.ts';
import { withoutCredentials } from '../../core/sources/signed-url.ts';
import type { CommandContext } from '../command-context.ts';
import { findLocalInputs, type LocalInput } from './local-inputs.ts';
import type { NewManifest, NewRequest } from './new-manifest.ts';
import { schemaReference } from './schema-reference.ts';

/** A manifest from files, folders, patterns, repositories and single sources, in the order in which they are named. */
export async function fromInputs(context: CommandContext, request: NewRequest): Promise<NewManifest> {
  if (request.inputs.length === 0) {
    throw new UsageError('nothing to make a manifest from', {
      hint: "Name files, a folder, hf://owner/repo@revision, or --from with the last version's manifest.",
    });
  }
  const skipped: SkippedFile[] = [];
  const remote: UnnamedArtifact[] = [];
  for (const input of request.inputs.filter(isSource)) {
    const found = await artifactsOf(context, input);
    remote.push(...found.artifacts);
    skipped.push(...found.skipped);
  }
  const local = await findLocalInputs(
    context.cwd,
    request.inputs.filter((input) => !isSource(input)),
  );
  for (const { path, files, skipped: left } of local) {
    skipped.push(...left);
    if (files.length === 0) throw nothingToTake(path, left);
  }
  const { path, beside } = manifestPath(context.cwd, request, local);
  const directory = dirname(path);
  const found = await Promise.all(local.map(({ root, files }) => localSources(root, files, directory)));
  const artifacts = [...found.flat(), ...remote];
  const text = draftText({
    ...request,
    access: request.access ?? 'public',
    schema: schemaReference(directory, context.cwd),
    artifacts: nameArtifacts(artifacts),
  });
  const notes: string[] = [];
  const tag = tagNote(request.collection, request.version);
  if (tag !== undefined) notes.push(tag);
  if (beside) notes.push('written beside the files, because file: sources lie below the folder of their manifest');
  if (request.access === undefined) notes.push('access is public; --access private keeps the whole release private');
  return { path, text, skipped, notes };
}

function isSource(input: string): boolean {
  return /^(?:hf|github|https?|s3|gs):/i.test(input);
}

async function artifactsOf(
  context: CommandContext,
  input: string,
): Promise<{ artifacts: readonly UnnamedArtifact[]; skipped: readonly SkippedFile[] }> {
  if (/^hf:/i.test(input)) {
    const repository = parseRepository(input);
    const { clock, reporter, signal, environment } = context;
    const ports = { http: await context.http(), endpoint: environment.hfEndpoint, clock, reporter, signal };
    return repositoryArtifacts(repository, await listRepository(ports, repository));
  }
  const ref = parseSource(input, context.configuration.placeholders);
  if ('problem' in ref) throw new UsageError(`${withoutCredentials(input)}: ${ref.problem}`);
  const file = sourceFileName(ref);
  if (file === undefined) throw new UsageError(`${input} does not end in the name of a file`);
  return { artifacts: [{ file, sources: [input] }], skipped: [] };
}

/** By convention manifests/COLLECTION/VERSION.yaml; beside local files that do not lie below that. */
function manifestPath(
  cwd: string,
  { collection, version, output }: NewRequest,
  local: readonly LocalInput[],
): { readonly path: string; readonly beside: boolean } {
  if (output !== undefined) return { path: resolve(cwd, output), beside: false };
  const conventional = join(cwd, 'manifests', collection, `${version}.yaml`);
  const folders = local.map(({ root, path }) => (root === path && path !== cwd ? dirname(path) : root));
  if (local.every(({ path }) => pathBelow(dirname(conventional), path) !== undefined)) {
    return { path: conventional, beside: false };
  }
  return { path: join(commonFolder(folders), `${collection}-${version}.yaml`), beside: true };
}

function commonFolder(folders: readonly string[]): string {
  let common = folders[0] ?? '.';
  for (const folder of folders) {
    while (relative(common, folder).startsWith('..') && dirname(common) !== common) common = dirname(common);
  }
  return common;
}
