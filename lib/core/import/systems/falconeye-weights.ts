import { type LooseFields, looseFields, textOf } from '../../manifest/manifest-document.ts';
import { collectionProblem } from '../../manifest/release-name.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { Importer, ImportRequest, ImportResult } from '../importer.ts';
import { notOfFormat, readInput } from '../read-input.ts';
import { carried } from './carried.ts';
import { described } from './described.ts';
import { falconeyePatch } from './falconeye-patch.ts';
import { readWeight, type WeightReading } from './falconeye-weight.ts';
import { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import { NameRegister } from './name-register.ts';
import { readPointers } from './pointer-folder.ts';
import { releaseVersion } from './release-version.ts';

/** The weights manifest of FalconEye-Detect, its list of URLs, and the Git LFS pointers beside them. */
export const falconeyeWeights: Importer = {
  kind: 'falconeye-weights',
  generic: false,
  summary: 'FalconEye weights (weights/manifest.json or WEIGHTS_URLS.json)',
  settings: [
    { name: 'urls', summary: 'the other file of the two: its URLs are further sources', required: false },
    { name: 'pointers', summary: 'folder with Git LFS pointers: exact sizes, and digests to compare', required: false },
  ],
  read: readWeights,
  patch: falconeyePatch,
};

async function readWeights({ input, settings }: ImportRequest, ports: ImportPorts): Promise<ImportResult> {
  const findings = new FindingList();
  const main = await weightsFile(input, ports, findings);
  const other = settings.urls === undefined ? undefined : await weightsFile(settings.urls, ports, findings);
  const tags = tagsOf(main.weights);
  compareTags(tags, tagsOf(other?.weights ?? {}), main.name, other?.name ?? '', findings);
  const names = [...new Set([...Object.keys(main.weights), ...Object.keys(other?.weights ?? {})])];
  const pointers = await readPointers(settings.pointers, ports.cwd, findings);
  const reading: WeightReading = {
    ...{ pointers: pointers.byName, findings },
    mainName: main.name,
    otherName: other?.name ?? '',
    names: new NameRegister(findings),
    placeholders: ports.placeholders,
  };
  const entryOf = (weights: LooseFields, name: string) =>
    Object.hasOwn(weights, name) ? looseFields(weights[name]) : undefined;
  const artifacts = names.flatMap((name) =>
    readWeight(name, entryOf(main.weights, name), entryOf(other?.weights ?? {}, name), reading),
  );
  for (const name of pointers.byName.keys()) {
    if (!names.includes(name))
      findings.add('suggestion', name, undefined, 'a pointer lies there, but no entry names it');
  }
  const { description, ...others } = main.others;
  const metadata = carried(others, main.name, findings);
  return {
    manifests: [
      {
        collection: collectionOf(main.weights),
        version: tags.length === 1 ? releaseVersion(tags[0]) : undefined,
        access: undefined,
        ...described(description),
        ...(metadata === undefined ? {} : { metadata }),
        artifacts,
      },
    ],
    findings: findings.items,
    figures: {
      weights: Object.keys(main.weights).length,
      ...(other === undefined ? {} : { 'weights of the other file': Object.keys(other.weights).length }),
      artifacts: artifacts.length,
      required: artifacts.filter(({ required }) => required).length,
      'with a digest': artifacts.filter(({ sha256 }) => sha256 !== undefined).length,
      'with an exact size': artifacts.filter(({ size }) => size !== undefined).length,
      'placeholder URLs': findings.items.filter(({ kind, field }) => kind === 'placeholder' && field === 'url').length,
      ...pointers.figures,
    },
  };
}

interface WeightsFile {
  readonly name: string;
  readonly weights: LooseFields;
  readonly others: LooseFields;
}

async function weightsFile(path: string, ports: ImportPorts, findings: FindingList): Promise<WeightsFile> {
  const { name, text } = await readInput(path, ports.cwd);
  const { weights, ...others } = looseFields(jsonValue(text, name, findings));
  if (typeof weights !== 'object' || weights === null || Array.isArray(weights)) {
    throw notOfFormat(name, 'not a weights manifest: it has no object "weights"');
  }
  return { name, weights: looseFields(weights), others };
}

/** Every release tag that the URLs name. */
function tagsOf(weights: LooseFields): string[] {
  const tags = Object.values(weights).flatMap((entry) => {
    const tag = /\/releases\/download\/([^/]+)\//u.exec(textOf(looseFields(entry).url) ?? '')?.[1];
    return tag === undefined ? [] : [tag];
  });
  return [...new Set(tags)];
}

function compareTags(
  mine: readonly string[],
  theirs: readonly string[],
  name: string,
  otherName: string,
  findings: FindingList,
): void {
  if (mine.length > 1) findings.add('conflict', name, 'url', `the URLs name several releases: ${mine.join(', ')}`);
  const differ = mine.length > 0 && theirs.length > 0 && mine.join() !== theirs.join();
  if (!differ) return;
  const both = `the release is ${mine.join(', ')} in ${name} and ${theirs.join(', ')} in ${otherName}`;
  findings.add('conflict', name, 'url', both);
}

/** The name of the repository that the URLs are of, where it is one. */
function collectionOf(weights: LooseFields): string | undefined {
  const names = new Set(
    Object.values(weights).map((entry) => {
      const url = URL.parse(textOf(looseFields(entry).url) ?? '');
      return url?.pathname.split('/releases/download/').length === 2
        ? url.pathname.split('/')[2]?.toLowerCase()
        : undefined;
    }),
  );
  const [name] = names;
  return names.size === 1 && name !== undefined && collectionProblem(name) === undefined ? name : undefined;
}
