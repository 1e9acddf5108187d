import { readdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type LooseFields, looseFields, textOf } from '../../manifest/manifest-document.ts';
import { collectionProblem } from '../../manifest/release-name.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { Importer, ImportRequest, ImportResult } from '../importer.ts';
import { inputName, notOfFormat, readInput, unreadable } from '../read-input.ts';
import { described } from './described.ts';
import { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import { NameRegister } from './name-register.ts';
import { type AssetReading, nameWithoutPointerEnding, type ReleaseFile, readAssets } from './release-assets.ts';
import { releaseVersion } from './release-version.ts';
import { checkMetadata } from './tcn-vae-checks.ts';
import { proposedGates } from './tcn-vae-gates.ts';

const metadataFiles = ['eval_metrics.json', 'normalization.json', 'model_config.json'] as const;
const expectedFiles = [...metadataFiles, 'model_card.md'];

/** The folder of one release of TCN-VAE: metadata, a list of checksums, weights or the Git LFS pointers to them. */
export const tcnVaeRelease: Importer = {
  kind: 'tcn-vae-release',
  generic: false,
  summary: 'TCN-VAE release folder (eval_metrics.json, normalization.json, weights or LFS pointers)',
  settings: [
    { name: 'assets', summary: 'another folder with weights or Git LFS pointers', required: false },
    { name: 'config', summary: 'model_config.json, where it lies elsewhere', required: false },
    { name: 'base-url', summary: 'where the assets are served, such as …/releases/download/v0.1.0', required: false },
  ],
  read: readRelease,
};

async function readRelease({ input, settings }: ImportRequest, ports: ImportPorts): Promise<ImportResult> {
  const findings = new FindingList();
  const folder = resolve(ports.cwd, input);
  const files = await filesIn(folder, ports);
  if (settings.assets !== undefined) files.push(...(await filesIn(resolve(ports.cwd, settings.assets), ports)));
  if (settings.config !== undefined) {
    const path = resolve(ports.cwd, settings.config);
    files.push({ path, name: 'model_config.json' });
  }
  if (!files.some(({ name }) => expectedFiles.includes(name) || name === 'sha256sum.txt')) {
    throw notOfFormat(inputName(folder, ports.cwd), `not a release folder: it has none of ${expectedFiles.join(', ')}`);
  }
  const documents = await readMetadata(files, ports, findings);
  for (const name of expectedFiles) {
    if (files.some((file) => file.name === name)) continue;
    const hint = name === 'model_config.json' ? '; name it with config=FILE' : '';
    findings.add('absent-source', name, undefined, `the release has no ${name}${hint}`);
  }
  const reading: AssetReading = {
    ...{ folder, baseUrl: settings['base-url'], ports, findings },
    names: new NameRegister(findings),
  };
  const artifacts = await readAssets(files, reading);
  checkMetadata(documents, artifacts, basename(folder), findings);
  const gates = proposedGates(documents);
  return {
    manifests: [
      {
        collection: collectionOf(folder),
        version: versionOf(documents, folder),
        access: undefined,
        ...described(looseFields(documents['eval_metrics.json']?.model_metadata).description),
        ...(gates.length === 0 ? {} : { metadata: { gates } }),
        artifacts,
      },
    ],
    findings: findings.items,
    figures: {
      files: files.length,
      artifacts: artifacts.length,
      'with a digest': artifacts.filter(({ sha256 }) => sha256 !== undefined).length,
      'pending checks': findings.items.filter(({ field }) => field?.startsWith('validation_checklist.')).length,
      'refused files': findings.items.filter(({ kind, field }) => kind === 'placeholder' && field === 'content').length,
    },
  };
}

/** Metadata by file name, as far as it is there and can be read. */
export type ReleaseMetadata = Readonly<Partial<Record<(typeof metadataFiles)[number], LooseFields>>>;

/** The plain files in a folder, sorted; hidden ones are not part of a release. */
async function filesIn(folder: string, ports: ImportPorts): Promise<ReleaseFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(inputName(folder, ports.cwd), cause);
  });
  const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  return names.sort().map((name) => ({ path: resolve(folder, name), name: nameWithoutPointerEnding(name) }));
}

async function readMetadata(
  files: readonly ReleaseFile[],
  ports: ImportPorts,
  findings: FindingList,
): Promise<ReleaseMetadata> {
  const documents: [string, LooseFields][] = [];
  for (const { path, name } of files) {
    if (!metadataFiles.some((one) => one === name)) continue;
    try {
      const { text } = await readInput(path, ports.cwd);
      documents.push([name, looseFields(jsonValue(text, name, findings))]);
    } catch (error) {
      // One file that does not parse must not end the import; its gate will refuse the release.
      const [problem] = error instanceof Error && 'problems' in error ? (error.problems as { message: string }[]) : [];
      if (problem === undefined) throw error;
      findings.add('not-taken', name, undefined, `it cannot be read (${problem.message}); a release needs it`);
    }
  }
  return Object.fromEntries(documents);
}

function versionOf(documents: ReleaseMetadata, folder: string): string | undefined {
  const said = Object.values(documents).flatMap(({ version }) => textOf(version) ?? []);
  const tags = new Set(said.length === 0 && /^v?\d+\.\d+\.\d+/u.test(basename(folder)) ? [basename(folder)] : said);
  const [tag] = tags;
  return tags.size === 1 ? releaseVersion(tag) : undefined;
}

/** Releases lie in a folder of their version, below one of the model's name. */
function collectionOf(folder: string): string | undefined {
  const name = basename(/^v?\d+\.\d+/u.test(basename(folder)) ? dirname(folder) : folder).toLowerCase();
  return collectionProblem(name) === undefined ? name : undefined;
}
