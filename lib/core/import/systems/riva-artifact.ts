import { type LooseFields, looseFields, textOf } from '../../manifest/manifest-document.ts';
import { collectionProblem } from '../../manifest/release-name.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { ImportedArtifact, Importer, ImportRequest, ImportResult } from '../importer.ts';
import { type InputText, notOfFormat, readInput } from '../read-input.ts';
import { carried } from './carried.ts';
import { described } from './described.ts';
import { FindingList } from './finding-list.ts';
import { jsonValue } from './json-document.ts';
import { NameRegister } from './name-register.ts';
import { releaseVersion } from './release-version.ts';
import { nameClaims } from './riva-claims.ts';
import { rivaPatch } from './riva-patch.ts';
import { compareSettings, type RivaSettings, readRivaSettings } from './riva-settings.ts';
import { rivaArtifact as artifactOf, type RivaFile } from './riva-source.ts';

/** What RIVA-130 writes about one staged model, in each of its forms, and the settings that it is run with. */
export const rivaArtifact: Importer = {
  kind: 'riva-artifact',
  generic: false,
  summary: 'RIVA staging record (artifact.json, deployment.json) or its settings file (.env)',
  settings: [{ name: 'settings', summary: 'settings file to compare with the record', required: false }],
  read: readRecord,
  patch: rivaPatch,
};

async function readRecord({ input, settings }: ImportRequest, ports: ImportPorts): Promise<ImportResult> {
  const findings = new FindingList();
  const read = await readInput(input, ports.cwd);
  if (!/^\s*[{[]/u.test(read.text)) return fromSettings(readRivaSettings(read), ports, findings);
  const record = looseFields(jsonValue(read.text, read.name, findings));
  const files = filesOf(record, read);
  const model = looseFields(record.model);
  if (settings.settings !== undefined) {
    const other = readRivaSettings(await readInput(settings.settings, ports.cwd));
    compareSettings(other, { model, source: files[0]?.uri, deployment: looseFields(record.deployment) }, findings);
  }
  nameClaims(record, read.name, findings);
  const names = new NameRegister(findings);
  const artifacts = files.flatMap((file) => artifactOf(file, { names, placeholders: ports.placeholders, findings }));
  const metadata = carried(record, read.name, findings);
  return resultOf(
    {
      name: textOf(model.name),
      version: textOf(model.version),
      description: textOf(model.description),
      ...(metadata === undefined ? {} : { metadata }),
    },
    artifacts,
    findings,
  );
}

/** Which files a record names, by its form. */
function filesOf(record: LooseFields, { name }: InputText): RivaFile[] {
  const references = looseFields(record.bintarball_references);
  if (Object.keys(references).length > 0) {
    return Object.entries(references).map(([key, value]) => {
      const { s3_uri, size_bytes, sha256, ...others } = looseFields(value);
      const container = key === 'container_image';
      return {
        id: container ? 'container-image' : (textOf(record.artifact_id) ?? key.replaceAll('_', '-')),
        kind: container ? 'container-image' : 'archive',
        field: `bintarball_references.${key}`,
        uri: textOf(s3_uri),
        ...{ fileName: undefined, sha256, size: size_bytes, required: !container },
        ...{ others, primary: undefined },
      };
    });
  }
  const source = looseFields(record.source);
  if (textOf(source.uri) === undefined && record.artifact_id === undefined) {
    throw notOfFormat(name, 'not a staging record: it has neither artifact_id and source nor bintarball_references');
  }
  const { uri, filename, size_bytes, sha256, ...others } = source;
  return [
    {
      id: textOf(record.artifact_id) ?? 'source',
      kind: 'archive',
      field: 'source',
      uri: textOf(uri),
      fileName: textOf(filename),
      ...{ sha256, size: size_bytes, required: true, others },
      primary: looseFields(record.primary_model),
    },
  ];
}

function fromSettings(settings: RivaSettings, ports: ImportPorts, findings: FindingList): ImportResult {
  const names = new NameRegister(findings);
  const file: RivaFile = {
    id: `${settings.model}-${settings.version}`,
    ...{ kind: 'archive', field: 'RIVA_ASR_MODEL_S3_URI', uri: settings.uri, fileName: undefined },
    ...{ sha256: settings.sha256, size: undefined, required: true, others: {}, primary: undefined },
  };
  const artifacts = artifactOf(file, { names, placeholders: ports.placeholders, findings });
  const metadata = { environment: settings.environment, language_code: settings.language };
  return resultOf(
    { name: settings.model, version: settings.version, description: undefined, metadata },
    artifacts,
    findings,
  );
}

interface ReleaseHead {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly metadata?: NonNullable<ReturnType<typeof carried>>;
}

function resultOf(head: ReleaseHead, artifacts: readonly ImportedArtifact[], findings: FindingList): ImportResult {
  const collection = head.name?.toLowerCase();
  const usable = collection !== undefined && collectionProblem(collection) === undefined;
  return {
    manifests: [
      {
        collection: usable ? collection : undefined,
        version: releaseVersion(head.version),
        // What lies in a bucket of one's own is not everybody's; the setting `access` says otherwise.
        access: 'private',
        ...described(head.description),
        ...(head.metadata === undefined ? {} : { metadata: head.metadata }),
        artifacts,
      },
    ],
    findings: findings.items,
    figures: {
      artifacts: artifacts.length,
      'with a digest': artifacts.filter(({ sha256 }) => sha256 !== undefined).length,
      'with a size': artifacts.filter(({ size }) => size !== undefined).length,
      claims: findings.items.filter(({ kind }) => kind === 'claim').length,
    },
  };
}
