import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { ImportedArtifact } from '../importer.ts';
import { carried } from './carried.ts';
import { expectedSha256 } from './expected-values.ts';
import { fileAddress } from './file-address.ts';
import { publishedName } from './file-naming.ts';
import { entryId } from './model-entry.ts';
import type { RegistryReading } from './stemsep-model.ts';

/** Is this the catalog that later versions compile from the registry, with every file's sources? */
export function isCatalog({ schema_version }: LooseFields): boolean {
  return textOf(schema_version)?.startsWith('catalog-runtime-') === true;
}

/** The artifacts of one model of the catalog: files lie where programs install them. */
export function readCatalogModel(model: LooseFields, index: number, reading: RegistryReading): ImportedArtifact[] {
  const { findings } = reading;
  const id = textOf(model.id);
  if (id === undefined || id === '') {
    findings.add('not-taken', `models[${index}]`, 'id', 'a model without an id was left out');
    return [];
  }
  const files = looseList(looseFields(model.download).artifacts).map(looseFields);
  if (files.length === 0) findings.add('absent-source', id, 'download.artifacts', 'no file is listed');
  const counts = new Map<string, number>();
  return files.flatMap((file) => {
    const kind = textOf(file.kind) ?? 'aux';
    const number = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, number);
    return readCatalogFile(id, number === 1 ? kind : `${kind}-${number}`, file, reading);
  });
}

function readCatalogFile(model: string, kind: string, file: LooseFields, reading: RegistryReading): ImportedArtifact[] {
  const { findings, names, naming, placeholders } = reading;
  const { sources, source: _, sha256: digest, canonical_path, required, ...others } = file;
  const subject = `${model} ${kind}`;
  const path = textOf(canonical_path) ?? publishedName(naming, model, kind, textOf(file.filename));
  if (!names.take(subject, entryId(model, kind), path, false)) return [];
  const listed = looseList(sources).map(looseFields).sort(byPriority);
  const addresses = listed.flatMap((source) => {
    const taken = fileAddress(textOf(source.url) ?? '', placeholders);
    if (taken.finding !== undefined) findings.add(taken.finding.kind, subject, 'sources', taken.finding.message);
    return taken.source === undefined ? [] : [taken.source];
  });
  if (addresses.length === 0) findings.add('absent-source', subject, 'sources', 'there is nowhere to get it from');
  if (listed.some(({ verified }) => verified === true)) {
    findings.add('claim', subject, 'sources', 'called verified there; nothing of it counts as proof here');
  }
  // Sizes are of answers to HEAD, compressed ones among them, so none is an expectation.
  const sha256 = expectedSha256(digest, { subject, field: 'sha256' }, placeholders, findings);
  const metadata = carried(others, subject, findings);
  return [
    {
      ...{ id: entryId(model, kind), aliases: [], kind, file: path, sources: [...new Set(addresses)] },
      ...(sha256 === undefined ? {} : { sha256 }),
      required: required !== false,
      labels: { model },
      ...(metadata === undefined ? {} : { metadata }),
    },
  ];
}

function byPriority(a: LooseFields, b: LooseFields): number {
  return Number(a.priority ?? 0) - Number(b.priority ?? 0);
}
