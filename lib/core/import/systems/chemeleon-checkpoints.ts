import { UsageError } from '../../errors.ts';
import { type LooseFields, looseFields, textOf } from '../../manifest/manifest-document.ts';
import { invalidDocument, readDocument } from '../../manifest/read-document.ts';
import { collectionProblem } from '../../manifest/release-name.ts';
import { YamlText } from '../../manifest/yaml-text.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { ImportedArtifact, Importer, ImportRequest, ImportResult } from '../importer.ts';
import { notOfFormat, readInput } from '../read-input.ts';
import { carried } from './carried.ts';
import { type CheckpointReading, readCheckpoint } from './chemeleon-checkpoint.ts';
import { chemeleonPatch } from './chemeleon-patch.ts';
import { FindingList } from './finding-list.ts';
import { NameRegister } from './name-register.ts';
import { releaseVersion } from './release-version.ts';

/** The checkpoint list of chemeleon2: names, and paths in one repository of Hugging Face. */
export const chemeleonCheckpoints: Importer = {
  kind: 'chemeleon-checkpoints',
  generic: false,
  summary: 'chemeleon2 checkpoint list (checkpoints.yaml)',
  settings: [
    { name: 'aliases', summary: 'older names: old=new,older=new', required: false },
    { name: 'revision', summary: 'branch, tag or commit of the repository; main when not given', required: false },
  ],
  read: readList,
  patch: chemeleonPatch,
};

async function readList({ input, settings }: ImportRequest, ports: ImportPorts): Promise<ImportResult> {
  const findings = new FindingList();
  const { name, text } = await readInput(input, ports.cwd);
  const source = YamlText.decode(text, name);
  const { value, findings: faults } = readDocument(source);
  if (faults.length > 0) throw invalidDocument(source, faults);
  const { checkpoints, config, ...others } = looseFields(value);
  if (typeof checkpoints !== 'object' || checkpoints === null || Array.isArray(checkpoints)) {
    throw notOfFormat(name, 'not a checkpoint list: it has no mapping "checkpoints"');
  }
  const reading: CheckpointReading = {
    repository: repositoryOf(looseFields(config), findings),
    revision: settings.revision ?? 'main',
    names: new NameRegister(findings),
    placeholders: ports.placeholders,
    findings,
  };
  if (reading.repository !== undefined && !/^[0-9a-f]{40}$/u.test(reading.revision)) {
    const moves = `revision ${reading.revision} may move; \`weighbridge lock\` pins it to a commit`;
    findings.add('suggestion', 'config', 'hf_repo', moves);
  }
  const entries = Object.entries(checkpoints);
  const artifacts = entries.flatMap(([key, entry]) => readCheckpoint(key, entry, reading));
  const metadata = carried({ ...others, ...(config === undefined ? {} : { config }) }, 'config', findings);
  return {
    manifests: [
      {
        collection: collectionOf(reading.repository),
        version: versionOf(artifacts),
        access: undefined,
        ...(metadata === undefined ? {} : { metadata }),
        artifacts: withAliases(artifacts, settings.aliases, reading.names),
      },
    ],
    findings: findings.items,
    figures: {
      checkpoints: entries.length,
      artifacts: artifacts.length,
      'with a digest': artifacts.filter(({ sha256 }) => sha256 !== undefined).length,
    },
  };
}

function repositoryOf({ hf_repo }: LooseFields, findings: FindingList): string | undefined {
  const repository = textOf(hf_repo)?.trim();
  if (repository !== undefined && /^[^/\s]+\/[^/\s]+$/u.test(repository)) return repository;
  findings.add('absent-source', 'config', 'hf_repo', 'no repository owner/name is given: nothing has a source');
  return undefined;
}

function collectionOf(repository: string | undefined): string | undefined {
  const name = repository?.split('/').at(-1)?.toLowerCase();
  return name === undefined || collectionProblem(name) !== undefined ? undefined : name;
}

/** The folder that all paths begin with, where it is a version: `v0.0.1/…`. */
function versionOf(artifacts: readonly ImportedArtifact[]): string | undefined {
  const folders = new Set(artifacts.map(({ file }) => file.split('/', 1)[0]));
  const [folder] = folders;
  return folders.size === 1 && folder !== undefined && /^v?\d+\.\d+\.\d+/u.test(folder)
    ? releaseVersion(folder)
    : undefined;
}

function withAliases(
  artifacts: readonly ImportedArtifact[],
  setting: string | undefined,
  names: NameRegister,
): ImportedArtifact[] {
  const pairs = (setting ?? '').split(',').filter((text) => text.trim() !== '');
  const older = new Map<string, string[]>();
  for (const pair of pairs) {
    const [alias, name, more] = pair.split('=').map((text) => text.trim());
    if (!alias || !name || more !== undefined) throw new UsageError('aliases is a list such as old=new,older=new');
    if (!artifacts.some(({ id }) => id === name)) {
      const known = artifacts.map(({ id }) => id).join(', ');
      throw new UsageError(`aliases: there is no checkpoint ${name}`, { hint: `The list has ${known}.` });
    }
    if (names.takeAlias(name, alias)) older.set(name, [...(older.get(name) ?? []), alias]);
  }
  return artifacts.map((artifact) => ({ ...artifact, aliases: older.get(artifact.id) ?? [] }));
}
