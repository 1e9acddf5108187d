import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { exitCodes } from '../../contract/exit-codes.ts';
import { isTagVersion } from '../../core/author/manifest-draft.ts';
import { UsageError } from '../../core/errors.ts';
import type { Access } from '../../core/manifest/manifest.ts';
import { parseManifest } from '../../core/manifest/parse-manifest.ts';
import { collectionProblem, versionProblem } from '../../core/manifest/release-name.ts';
import { fromInputs } from '../authoring/from-inputs.ts';
import { fromPrevious } from '../authoring/from-previous.ts';
import type { NewManifest, NewRequest } from '../authoring/new-manifest.ts';
import type { CommandContext, CommandInput, CommandRun } from '../command-context.ts';

/** `new COLLECTION@VERSION [PATH|SOURCE]... [--from MANIFEST]` */
export const run: CommandRun = async (context, input) => {
  const request = requestOf(input);
  const made = request.from === undefined ? await fromInputs(context, request) : await fromPrevious(context, request);
  const shown = relative(context.cwd, made.path);
  // The author's own validator has the last word: what is written here must pass it.
  const { manifest } = parseManifest(made.text, {
    file: shown,
    directory: dirname(made.path),
    placeholders: context.configuration.placeholders,
  });
  await writeNew(made, shown);
  report(context, made, shown, manifest.artifacts.length);
  return exitCodes.done;
};

function requestOf({ args, options }: CommandInput): NewRequest {
  const [release = '', ...inputs] = args;
  const at = release.lastIndexOf('@');
  if (at <= 0)
    throw new UsageError(`not a release: ${release}`, { hint: 'Write COLLECTION@VERSION, such as my-model@1.0.0.' });
  const collection = release.slice(0, at);
  const version = release.slice(at + 1);
  const problem = collectionProblem(collection) ?? versionProblem(version, isTagVersion(version) ? 'tag' : 'semver');
  if (problem !== undefined) throw new UsageError(`${release}: ${problem}`);
  const from = text(options.from);
  if (from !== undefined && inputs.length > 0) {
    throw new UsageError('--from takes everything from a manifest, so no files or sources can be named with it');
  }
  const access = options.access as Access | undefined;
  return {
    collection,
    version,
    inputs,
    from,
    access,
    output: text(options.output),
    license: text(options.license),
  };
}

async function writeNew({ path, text }: NewManifest, shown: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    const hint = 'Nothing was written. Name another file with --output, or remove that one.';
    throw new UsageError(`${shown} is there already`, { cause, hint });
  }
}

function report(context: CommandContext, made: NewManifest, shown: string, artifacts: number): void {
  if (context.json) {
    context.printJson({ manifest: shown, artifacts, skipped: made.skipped, notes: made.notes });
    return;
  }
  for (const { file, reason } of made.skipped) context.say(`left out: ${file} ${reason}`);
  for (const note of made.notes) context.say(`note: ${note}`);
  context.print(`${shown}: ${artifacts} artifact${artifacts === 1 ? '' : 's'}`);
  context.say(`next: weighbridge lock ${shown}`);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
