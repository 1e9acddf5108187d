import { type LooseFields, looseFields, textOf } from '../../manifest/manifest-document.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { ImportedArtifact, Importer, ImportRequest, ImportResult } from '../importer.ts';
import { notOfFormat, readInput } from '../read-input.ts';
import { carried } from './carried.ts';
import { addressFileName, extensionsSetting, namingWith, usualNaming } from './file-naming.ts';
import { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import { aliasesSetting, readModelAliases } from './model-aliases.ts';
import { NameRegister } from './name-register.ts';
import { isCatalog, readCatalogModel } from './stemsep-catalog-model.ts';
import { type RegistryReading, readModel } from './stemsep-model.ts';
import { stemsepRegistryPatch } from './stemsep-registry-patch.ts';

/** The model registry of StemSep: version 2, models with links and expected files, or the catalog compiled of it. */
export const stemsepRegistry: Importer = {
  kind: 'stemsep-registry',
  generic: false,
  summary: 'StemSep model registry (models.v2.source.json, or the runtime catalog)',
  settings: [aliasesSetting, extensionsSetting],
  read: readRegistry,
  patch: stemsepRegistryPatch,
};

async function readRegistry({ input, settings }: ImportRequest, ports: ImportPorts): Promise<ImportResult> {
  const findings = new FindingList();
  const { name, text } = await readInput(input, ports.cwd);
  const { models, ...others } = looseFields(jsonValue(text, name, findings));
  if (!Array.isArray(models)) throw notOfFormat(name, 'not a model registry: it has no list "models"');
  if (models.length > 0 && !models.some((model) => textOf(looseFields(model).id) !== undefined)) {
    throw notOfFormat(name, 'not a model registry: no model has an "id"');
  }
  const reading: RegistryReading = {
    aliases: await readModelAliases(settings.aliases, ports, findings),
    naming: namingWith(usualNaming, settings.extensions),
    names: new NameRegister(findings),
    placeholders: ports.placeholders,
    findings,
  };
  const read = isCatalog(others) ? readCatalogModel : readModel;
  const artifacts = models.flatMap((model, index) => read(looseFields(model), index, reading));
  // The catalog's own indexes name everything again, at great length.
  const { sources, external_records, recipes, workflows, selection_index, ...head } = others;
  const metadata = carried(isCatalog(others) ? head : others, name, findings);
  return {
    manifests: [
      {
        ...{ collection: undefined, version: undefined, access: undefined },
        ...(metadata === undefined ? {} : { metadata }),
        artifacts: withAliases(artifacts, reading),
      },
    ],
    findings: findings.items,
    figures: figuresOf(models.map(looseFields), artifacts),
  };
}

/** Aliases come last: no older name may take one that a model has now. */
function withAliases(artifacts: readonly ImportedArtifact[], { aliases, names }: RegistryReading): ImportedArtifact[] {
  return artifacts.map((artifact) => {
    const model = artifact.labels.model ?? artifact.id;
    const ending = artifact.id.slice(model.length);
    const older = aliases.olderOf(model).map((alias) => `${alias}${ending}`);
    return { ...artifact, aliases: older.filter((alias) => names.takeAlias(artifact.id, alias)) };
  });
}

function figuresOf(models: readonly LooseFields[], artifacts: readonly ImportedArtifact[]): Record<string, number> {
  const links = models.map((model) => looseFields(model.links));
  const files = models.map((model) => looseFields(model.artifacts));
  const addresses = links.flatMap(({ checkpoint, config }) => [checkpoint, config]).filter((link) => textOf(link));
  const primaryNames = files.map(({ primary }) => textOf(looseFields(primary).filename));
  return {
    models: models.length,
    links: addresses.length,
    'models without checkpoint link': links.filter(({ checkpoint }) => textOf(checkpoint) === undefined).length,
    'models without config link': links.filter(({ config }) => textOf(config) === undefined).length,
    'models without artifacts': models.filter((model) => Object.keys(looseFields(model.artifacts)).length === 0).length,
    'config links without artifact': models.filter(
      (_, index) => textOf(links[index]?.config) !== undefined && files[index]?.config === null,
    ).length,
    'placeholder file names': primaryNames.filter((file) => file?.endsWith('.MISSING')).length,
    'file names that differ from their link': models.filter((_, index) => {
      const link = textOf(links[index]?.checkpoint);
      const file = primaryNames[index];
      return link !== undefined && file !== undefined && addressFileName(link) !== file;
    }).length,
    artifacts: artifacts.length,
    checkpoints: artifacts.filter(({ kind }) => kind === 'checkpoint').length,
    configs: artifacts.filter(({ kind }) => kind === 'config').length,
    'with a digest': artifacts.filter(({ sha256 }) => sha256 !== undefined).length,
    ...hostsOf(addresses.map(String)),
  };
}

function hostsOf(addresses: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const address of addresses) {
    const host = `links to ${URL.parse(address)?.hostname || 'no host'}`;
    counts[host] = (counts[host] ?? 0) + 1;
  }
  return counts;
}
