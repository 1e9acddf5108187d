import { guessKind } from '../../author/artifact-kind.ts';
import { type LooseFields, textOf } from '../../manifest/manifest-document.ts';
import type { ImportedArtifact } from '../importer.ts';
import type { LfsPointer } from '../lfs-pointer.ts';
import { carried } from './carried.ts';
import { expectedSha256, expectedSize } from './expected-values.ts';
import { fileAddress } from './file-address.ts';
import type { FindingList } from './finding-list.ts';
import type { NameRegister } from './name-register.ts';

/** What reading weights needs for each entry. */
export interface WeightReading {
  readonly mainName: string;
  readonly otherName: string;
  /** By the file's name. */
  readonly pointers: ReadonlyMap<string, LfsPointer>;
  readonly names: NameRegister;
  readonly placeholders: readonly string[];
  readonly findings: FindingList;
}

const mebibyte = 1024 * 1024;

/** One file of weights; `other` is the entry of the second file. The key is its name. */
export function readWeight(
  name: string,
  main: LooseFields | undefined,
  other: LooseFields | undefined,
  reading: WeightReading,
): ImportedArtifact[] {
  const { findings, names } = reading;
  const entry = main ?? other ?? {};
  if (!names.take(name, name, name, true)) return [];
  const { url: _url, checksum, algorithm, sha256, size_bytes, required, ...others } = entry;
  const sources = [...new Set([...sourcesOf(name, main, reading), ...sourcesOf(name, other, reading)])];
  const given = digestOf(name, checksum ?? sha256, algorithm, reading);
  const bytes = expectedSize(size_bytes, { subject: name, field: 'size_bytes' }, findings);
  const proof = withPointer(name, given, bytes, reading);
  if (proof.sha256 === undefined && given === undefined) {
    findings.add('missing-digest', name, 'checksum', 'no SHA-256 is given; `weighbridge lock` obtains one');
  }
  compareSize(name, proof.size, others.size_mb, findings);
  if (main !== undefined && typeof other?.required === 'boolean' && other.required !== (required ?? true)) {
    const both = `required is ${required ?? 'not said'} in ${reading.mainName} and ${other.required} in ${reading.otherName}`;
    findings.add('conflict', name, 'required', `${both}; the first counts`);
  }
  const metadata = carried(others, name, findings);
  return [
    {
      ...{
        id: name,
        aliases: [],
        kind: guessKind(name) === 'metadata' ? 'checkpoint' : guessKind(name),
        file: name,
        sources,
      },
      ...(proof.sha256 === undefined ? {} : { sha256: proof.sha256 }),
      ...(proof.size === undefined ? {} : { size: proof.size }),
      required: typeof required === 'boolean' ? required : true,
      labels: {},
      ...(metadata === undefined ? {} : { metadata }),
    },
  ];
}

function sourcesOf(name: string, entry: LooseFields | undefined, { placeholders, findings }: WeightReading): string[] {
  if (entry === undefined) return [];
  const url = textOf(entry.url);
  if (url === undefined || url.trim() === '') {
    findings.add('absent-source', name, 'url', 'no usable source: no URL is given');
    return [];
  }
  const { source, finding } = fileAddress(url, placeholders);
  if (finding !== undefined) findings.add(finding.kind, name, 'url', finding.message);
  return source === undefined ? [] : [source];
}

/** The digest of the entry; another algorithm than SHA-256 is no expectation here. */
function digestOf(name: string, value: unknown, algorithm: unknown, reading: WeightReading): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const word = (textOf(algorithm) ?? 'sha256').toLowerCase().replaceAll('-', '');
  if (word !== 'sha256') {
    reading.findings.add(
      'missing-digest',
      name,
      'algorithm',
      `a checksum by ${word} cannot be taken; it must be a SHA-256`,
    );
    return undefined;
  }
  return expectedSha256(value, { subject: name, field: 'checksum' }, reading.placeholders, reading.findings);
}

/** Two digests that differ leave none: nobody here can say which is right. */
function withPointer(
  name: string,
  sha256: string | undefined,
  size: number | undefined,
  { pointers, findings }: WeightReading,
): { readonly sha256: string | undefined; readonly size: number | undefined } {
  const pointer = pointers.get(name);
  if (pointer === undefined) return { sha256, size };
  if (sha256 !== undefined && sha256 !== pointer.sha256) {
    const both = `the checksum is ${sha256}, the Git LFS pointer says ${pointer.sha256}`;
    findings.add('conflict', name, 'checksum', `${both}; neither was taken`);
    return { sha256: undefined, size: undefined };
  }
  if (size !== undefined && size !== pointer.size) {
    findings.add(
      'conflict',
      name,
      'size_bytes',
      `${size} bytes here, ${pointer.size} in the Git LFS pointer; neither was taken`,
    );
    return { sha256: pointer.sha256, size: undefined };
  }
  return pointer;
}

/** `size_mb` is MiB, rounded to two digits: it can contradict a size, never be one. */
function compareSize(name: string, size: number | undefined, rounded: unknown, findings: FindingList): void {
  if (typeof rounded !== 'number') return;
  if (size === undefined) {
    findings.add('missing-size', name, 'size_mb', `${rounded} MiB is rounded; \`weighbridge lock\` obtains the size`);
  } else if (Math.abs(size / mebibyte - rounded) > 0.0051) {
    findings.add(
      'conflict',
      name,
      'size_mb',
      `size_mb is ${rounded}, but ${size} bytes are ${(size / mebibyte).toFixed(2)} MiB`,
    );
  }
}
