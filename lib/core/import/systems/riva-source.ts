import { posix } from 'node:path';
import type { LooseFields } from '../../manifest/manifest-document.ts';
import { textOf } from '../../manifest/manifest-document.ts';
import type { ImportedArtifact } from '../importer.ts';
import { carried } from './carried.ts';
import { expectedSha256, expectedSize } from './expected-values.ts';
import { fileAddress } from './file-address.ts';
import { addressFileName } from './file-naming.ts';
import type { FindingList } from './finding-list.ts';
import type { NameRegister } from './name-register.ts';

/** One file that a staging record names. */
export interface RivaFile {
  readonly id: string;
  readonly kind: string;
  /** Where the record names it. */
  readonly field: string;
  readonly uri: string | undefined;
  readonly fileName: string | undefined;
  readonly sha256: unknown;
  readonly size: unknown;
  readonly required: boolean;
  readonly others: LooseFields;
  /** The model inside the archive. */
  readonly primary: LooseFields | undefined;
}

/** An archive as an artifact, below `source/` as the staged layout has it. */
export function rivaArtifact(
  file: RivaFile,
  {
    names,
    placeholders,
    findings,
  }: {
    readonly names: NameRegister;
    readonly placeholders: readonly string[];
    readonly findings: FindingList;
  },
): ImportedArtifact[] {
  const { id, kind, field, uri, primary } = file;
  const upstream = uri === undefined ? undefined : posix.basename(addressFileName(uri) ?? '');
  const fileName = file.fileName ?? (upstream === '' ? undefined : upstream) ?? 'source_model.tar.gz';
  if (/[/\\]/u.test(fileName)) {
    findings.add('not-taken', id, `${field}.filename`, 'a file name with a path separator was left out');
    return [];
  }
  if (!names.take(id, id, `source/${fileName}`, false)) return [];
  const taken = uri === undefined || uri === '' ? undefined : fileAddress(uri, placeholders);
  if (taken === undefined) findings.add('absent-source', id, field, 'no address is given');
  else if (taken.finding !== undefined) findings.add(taken.finding.kind, id, field, taken.finding.message);
  const sha256 = expectedSha256(file.sha256, { subject: id, field: `${field}.sha256` }, placeholders, findings);
  const size = expectedSize(file.size, { subject: id, field: `${field}.size_bytes` }, findings);
  if (size === undefined)
    findings.add('missing-size', id, `${field}.size_bytes`, 'no size: `weighbridge lock` obtains it');
  const name = textOf(primary?.filename);
  const metadata = carried({ ...file.others, ...(name === undefined ? {} : { primary_model: primary }) }, id, findings);
  return [
    {
      ...{ id, aliases: [], kind, file: `source/${fileName}` },
      sources: taken?.source === undefined ? [] : [taken.source],
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(size === undefined ? {} : { size }),
      required: file.required,
      labels: name === undefined ? {} : { primary: name },
      ...(metadata === undefined ? {} : { metadata }),
    },
  ];
}
