import { open, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { guessKind } from '../../author/artifact-kind.ts';
import { pathBelow } from '../../author/local-sources.ts';
import { UsageError } from '../../errors.ts';
import { findPlaceholder } from '../../manifest/placeholders.ts';
import { formatSource } from '../../sources/parse-source.ts';
import { parseChecksumLine } from '../checksum-line.ts';
import type { ImportPorts } from '../import-ports.ts';
import type { ImportedArtifact } from '../importer.ts';
import { parseLfsPointer } from '../lfs-pointer.ts';
import { fileAddress } from './file-address.ts';
import type { FindingList } from './finding-list.ts';
import type { NameRegister } from './name-register.ts';

/** A file of a release on this machine. */
export interface ReleaseFile {
  /** Absolute. */
  readonly path: string;
  /** In the release. */
  readonly name: string;
}

/** What reading the files of a release needs. */
export interface AssetReading {
  /** Absolute. */
  readonly folder: string;
  /** Where the assets are served, without their names. */
  readonly baseUrl: string | undefined;
  readonly ports: ImportPorts;
  readonly names: NameRegister;
  readonly findings: FindingList;
}

const checksumFile = 'sha256sum.txt';
const textEndings = new Set(['.json', '.md', '.txt', '.yaml', '.yml', '.toml', '.csv', '.html']);
/** More than any real placeholder has, and enough to see what a file is. */
const startBytes = 2048;

/** The files of a release as artifacts: those that lie there, and those that only the list of checksums names. */
export async function readAssets(files: readonly ReleaseFile[], reading: AssetReading): Promise<ImportedArtifact[]> {
  const { findings, names } = reading;
  const sums = await readSums(files, reading);
  const artifacts: ImportedArtifact[] = [];
  for (const { path, name } of files) {
    if (name === checksumFile) continue;
    const found = await readAsset(path, name, sums.get(name), reading);
    if (found !== undefined && names.take(name, name, name, true)) artifacts.push(found);
    sums.delete(name);
  }
  for (const [name, sha256] of sums) {
    if (!names.take(name, name, name, true)) continue;
    const sources = servedAt(name, reading);
    if (sources.length === 0) findings.add('absent-source', name, checksumFile, 'it is listed, but not there');
    artifacts.push(artifactOf(name, sources, { sha256 }));
  }
  return artifacts;
}

async function readSums(files: readonly ReleaseFile[], { findings }: AssetReading): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const { path } of files.filter(({ name }) => name === checksumFile)) {
    for (const line of (await readFile(path, 'utf8')).split(/\r?\n/u)) {
      if (line.trim() === '') continue;
      const sum = parseChecksumLine(line);
      const known = sum === undefined ? undefined : sums.get(sum.name);
      if (sum === undefined || sum.algorithm !== 'sha256') {
        findings.add('not-taken', checksumFile, undefined, 'a line that is no SHA-256 with a name was left out');
      } else if (known !== undefined && known !== sum.digest) {
        findings.add('conflict', sum.name, checksumFile, `two digests are listed: ${known} and ${sum.digest}`);
      } else sums.set(sum.name, sum.digest);
    }
  }
  return sums;
}

/** A pointer that was kept aside (`x.pth.lfs-pointer.txt`) stands for the file itself. */
export function nameWithoutPointerEnding(name: string): string {
  return name.replace(/\.lfs-pointer(?:\.txt)?$/u, '');
}

async function readAsset(
  path: string,
  name: string,
  listed: string | undefined,
  reading: AssetReading,
): Promise<ImportedArtifact | undefined> {
  const { findings, ports } = reading;
  const { size } = await stat(path);
  const start = await startOf(path);
  const pointer = parseLfsPointer(start.slice(0, size));
  if (pointer !== undefined) {
    const sources = servedAt(name, reading);
    if (sources.length === 0) {
      findings.add(
        'absent-source',
        name,
        undefined,
        'only a Git LFS pointer lies there; base-url says where the file is',
      );
    }
    if (listed === undefined || listed === pointer.sha256) return artifactOf(name, sources, pointer);
    const both = `${checksumFile} says ${listed}, the Git LFS pointer ${pointer.sha256}`;
    findings.add('conflict', name, checksumFile, `${both}; neither was taken`);
    return artifactOf(name, sources, {});
  }
  const fault = contentFault(name, size, start, ports.placeholders);
  if (fault !== undefined) {
    findings.add('placeholder', name, 'content', `${fault}; it was left out`);
    return undefined;
  }
  const way = pathBelow(ports.manifestDirectory, path);
  if (way === undefined) {
    const hint = 'file: sources lie below the manifest: put the manifest into a folder above the files, with --output.';
    throw new UsageError(`${basename(dirname(path))}/${name} does not lie below the folder of the manifest`, { hint });
  }
  if (listed === undefined)
    findings.add('missing-digest', name, undefined, 'no sha256: `weighbridge lock` computes it');
  const sources = [formatSource({ scheme: 'file', uri: '', path: way }), ...servedAt(name, reading)];
  return artifactOf(name, sources, { size, ...(listed === undefined ? {} : { sha256: listed }) });
}

/** What shows that this is not what its name says; undefined for a file that may be. */
function contentFault(name: string, size: number, start: string, placeholders: readonly string[]): string | undefined {
  if (size === 0) return 'it is empty';
  const text = start.trimStart();
  if (start.startsWith('version https://git-lfs.github.com/spec/')) return 'a Git LFS pointer without digest or size';
  if (textEndings.has(extname(name).toLowerCase())) return undefined;
  if (/^(?:PLACEHOLDER|DUMMY|MOCK|STUB)[_\s:-]/iu.test(text)) return 'placeholder text instead of weights';
  if (/^(?:\uFEFF)?<(?:!doctype|html|\?xml)/iu.test(text)) return 'a web page instead of weights';
  if (/^[{[]\s*(?:["{[}\]]|$)/u.test(text) && !text.includes('\0')) return 'JSON under the name of weights';
  const word = size < startBytes && !text.includes('\uFFFD') ? findPlaceholder(text, placeholders) : undefined;
  return word === undefined ? undefined : `placeholder text instead of weights (${JSON.stringify(word.slice(0, 40))})`;
}

function servedAt(name: string, { baseUrl, ports, findings }: AssetReading): string[] {
  if (baseUrl === undefined) return [];
  const address = `${baseUrl.replace(/\/+$/u, '')}/${encodeURIComponent(name)}`;
  const { source, finding } = fileAddress(address, ports.placeholders);
  if (finding !== undefined) findings.add(finding.kind, name, 'base-url', finding.message);
  return source === undefined ? [] : [source];
}

function artifactOf(
  name: string,
  sources: readonly string[],
  proof: { readonly sha256?: string; readonly size?: number },
): ImportedArtifact {
  return {
    ...{ id: name, aliases: [], kind: guessKind(name), file: name, sources },
    ...proof,
    required: true,
    labels: {},
  };
}

async function startOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
