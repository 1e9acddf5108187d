import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import { collectionProblem } from '../../manifest/release-name.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { Importer, ImportRequest, ImportResult } from '../importer.ts';
import { notOfFormat, readInput } from '../read-input.ts';
import { carried } from './carried.ts';
import { extensionsSetting, type FileNaming, namingWith, usualNaming } from './file-naming.ts';
import { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import { aliasesSetting, readModelAliases } from './model-aliases.ts';
import { NameRegister } from './name-register.ts';
import { releaseVersion } from './release-version.ts';
import { companionSettings, readCandidates } from './stemsep-candidates.ts';
import { readFetchReport } from './stemsep-fetch-report.ts';
import { type NeedReading, readNeeds } from './stemsep-need.ts';
import { stemsepUploadPatch } from './stemsep-upload-patch.ts';

/** What StemSep wants to have in its mirror: each model's broken links, and the names that the mirror gives them. */
export const stemsepUploadManifest: Importer = {
  kind: 'stemsep-upload-manifest',
  generic: false,
  summary: 'StemSep upload manifest (mirror_upload_manifest.json), with its link audit, fixes and suggestions',
  settings: [...companionSettings, aliasesSetting, extensionsSetting],
  read: readManifest,
  patch: stemsepUploadPatch,
};

async function readManifest({ input, settings }: ImportRequest, ports: ImportPorts): Promise<ImportResult> {
  const findings = new FindingList();
  const { name, text } = await readInput(input, ports.cwd);
  const { models, ...head } = looseFields(jsonValue(text, name, findings));
  const list = looseList(models).map(looseFields);
  if (!Array.isArray(models) || (models.length > 0 && !list.some(({ needs }) => Array.isArray(needs)))) {
    throw notOfFormat(name, 'not an upload manifest: it has no list "models" with "needs"');
  }
  const aliases = await readModelAliases(settings.aliases, ports, findings);
  const candidates = await readCandidates(settings, ports, aliases, findings);
  const reading: NeedReading = {
    ...{ aliases, candidates, findings },
    fetched: await readFetchReport(settings, ports, aliases, findings),
    naming: namingWith(policyOf(looseFields(head.filename_policy)), settings.extensions),
    names: new NameRegister(findings),
    placeholders: ports.placeholders,
  };
  const found = list.flatMap((model, index) => readNeeds(model, index, reading));
  const artifacts = found.map((artifact) => {
    const model = artifact.labels.model ?? artifact.id;
    const older = aliases.olderOf(model).map((alias) => `${alias}${artifact.id.slice(model.length)}`);
    return { ...artifact, aliases: older.filter((alias) => reading.names.takeAlias(artifact.id, alias)) };
  });
  const metadata = carried(head, name, findings);
  const needs = list.flatMap((model) => looseList(model.needs));
  return {
    manifests: [
      {
        collection: collectionOf(textOf(head.mirror_repo)),
        version: releaseVersion(textOf(head.release_tag)),
        access: undefined,
        ...(metadata === undefined ? {} : { metadata }),
        artifacts,
      },
    ],
    findings: findings.items,
    figures: {
      models: list.length,
      needs: needs.length,
      ...kindsOf(needs.map(looseFields)),
      artifacts: artifacts.length,
      'with a source': artifacts.filter(({ sources }) => sources.length > 0).length,
      'without a source': artifacts.filter(({ sources }) => sources.length === 0).length,
      ...candidates.figures,
      ...reading.fetched.figures,
    },
  };
}

function kindsOf(needs: readonly LooseFields[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, filename } of needs) {
    const ending = /\.[A-Za-z0-9]+$/u.exec(textOf(filename) ?? '')?.[0];
    for (const name of [`${textOf(kind)} needs`, ...(ending === undefined ? [] : [`needs ending in ${ending}`])]) {
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

/** The manifest says itself how files are called; what it does not say is as usual. */
function policyOf(policy: LooseFields): FileNaming {
  const extensions = looseList(policy.allowed_checkpoint_exts).filter((text) => typeof text === 'string');
  return {
    checkpoint: textOf(policy.checkpoint_filename_template) ?? usualNaming.checkpoint,
    config: textOf(policy.config_filename_template) ?? usualNaming.config,
    extensions: extensions.length === 0 ? usualNaming.extensions : extensions,
    otherwise: textOf(policy.default_checkpoint_ext) ?? usualNaming.otherwise,
  };
}

function collectionOf(repository: string | undefined): string | undefined {
  const name = repository?.split('/').at(-1)?.toLowerCase();
  return name === undefined || collectionProblem(name) !== undefined ? undefined : name;
}
