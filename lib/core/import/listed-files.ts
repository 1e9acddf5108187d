import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { pathBelow } from '../author/local-sources.ts';
import type { UnnamedArtifact } from '../author/name-artifacts.ts';
import { fileNameProblem } from '../manifest/file-name.ts';
import { linksOutside } from '../manifest/resolve-below.ts';
import { formatSource } from '../sources/parse-source.ts';
import { addressFromTemplate } from './base-address.ts';
import type { ListedFile } from './digest-register.ts';
import type { ImportPorts } from './import-ports.ts';
import type { ImportFinding } from './importer.ts';
import { longestPointer, parseLfsPointer } from './lfs-pointer.ts';
import { takeSource } from './take-source.ts';

export interface ListedFilesRequest {
  /** Absolute path of the list: its names are relative to its folder. */
  readonly list: string;
  readonly files: readonly ListedFile[];
  /** Template of addresses; undefined looks for the files beside the list. */
  readonly base: string | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/** Gives the files of a list their sources: by a template, or themselves where they lie beside the list. */
export async function locateListedFiles(
  request: ListedFilesRequest,
  ports: ImportPorts,
  findings: ImportFinding[],
): Promise<UnnamedArtifact[]> {
  const limit = pLimit(32);
  return await limit.map(request.files, async ({ name, sha256 }) => {
    const digest = sha256 === undefined ? {} : { sha256 };
    // A name that cannot be a file's is refused as such later; nothing on this machine is looked at by it.
    if (fileNameProblem(name) !== undefined) return { file: name, sources: [], ...digest };
    if (request.base === undefined) return await beside(request.list, { name, sha256 }, ports, findings);
    const { collection, version } = request.settings;
    const address = addressFromTemplate(request.base, { file: name, collection, version }, 'base-url');
    const { source, finding } = takeSource(address, ports.placeholders);
    if (finding !== undefined) findings.push({ ...finding, subject: name, field: 'base-url' });
    return { file: name, sources: source === undefined ? [] : [source], ...digest };
  });
}

async function beside(
  list: string,
  { name, sha256 }: ListedFile,
  ports: ImportPorts,
  findings: ImportFinding[],
): Promise<UnnamedArtifact> {
  const folder = dirname(list);
  const path = join(folder, name);
  const way = pathBelow(ports.manifestDirectory, path);
  const listed = { file: name, sources: [], ...(sha256 === undefined ? {} : { sha256 }) };
  const found = way === undefined || linksOutside(folder, name) ? undefined : await stat(path).catch(() => undefined);
  if (way === undefined || found?.isFile() !== true || found.size === 0) return listed;
  const pointer = found.size < longestPointer ? parseLfsPointer(await readFile(path, 'utf8')) : undefined;
  if (pointer === undefined) {
    return { ...listed, sources: [formatSource({ scheme: 'file', uri: '', path: way })], size: found.size };
  }
  if (sha256 === pointer.sha256) return { ...listed, size: pointer.size };
  // Whoever hashed a checkout without LFS has the digest of the pointer.
  const message = `the list says ${sha256 ?? 'nothing'}, the Git LFS pointer beside it ${pointer.sha256}; neither was taken`;
  findings.push({ kind: 'conflict', subject: name, field: 'sha256', message });
  return { file: name, sources: [] };
}
