import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pointerReason } from '../author/local-files.ts';
import { localSources } from '../author/local-sources.ts';
import { filesAt } from '../author/manifest-from-directory.ts';
import type { UnnamedArtifact } from '../author/name-artifacts.ts';
import { fileNameProblem } from '../manifest/file-name.ts';
import { addressFromTemplate } from './base-address.ts';
import { gapFindings } from './gap-findings.ts';
import type { ImportPorts } from './import-ports.ts';
import type { Importer, ImportFinding, ImportRequest } from './importer.ts';
import { parseLfsPointer } from './lfs-pointer.ts';
import { namedArtifacts } from './named-artifacts.ts';
import { inputName, unreadable } from './read-input.ts';
import { takeSource } from './take-source.ts';

/**
 * A folder of files, each read once for its exact size and digest. A Git LFS pointer is not the file it stands for: what
 * it says of that file is taken, and its own bytes are never hashed.
 */
export const directoryImporter: Importer = {
  kind: 'directory',
  generic: true,
  summary: 'a folder: its files with exact sizes and digests, or what LFS pointers say',
  settings: [
    {
      name: 'base-url',
      summary:
        'where the files are served: a folder, or a template with {file}, {name}, {version} (default: file: sources)',
      required: false,
    },
    {
      name: 'include',
      summary: 'patterns of files, separated by commas; one that begins with ! takes away',
      required: false,
    },
  ],
  async read(request, ports) {
    const directory = resolve(ports.cwd, request.input.replace(/^file:/, ''));
    const globs = (request.settings.include ?? '').split(',').filter((glob) => glob !== '');
    const { root, files, skipped } = await filesAt(directory, globs).catch((cause: NodeJS.ErrnoException) => {
      throw unreadable(inputName(directory, ports.cwd), cause);
    });
    const findings: ImportFinding[] = [];
    const found: UnnamedArtifact[] = [];
    for (const file of files) found.push(await hashed(root, file, ports.signal));
    for (const { file, reason } of skipped) {
      const pointer = reason === pointerReason ? await readPointer(join(root, file)) : undefined;
      if (pointer === undefined) findings.push({ kind: 'not-taken', subject: file, message: reason });
      else found.push({ file, sources: [], ...pointer });
    }
    found.sort((a, b) => (a.file < b.file ? -1 : 1));
    const located = await withSources(root, found, request, ports, findings);
    const artifacts = namedArtifacts(located);
    findings.push(...artifacts.flatMap((artifact) => gapFindings(artifact, artifact.file)));
    return {
      manifests: [{ collection: undefined, version: undefined, access: undefined, artifacts }],
      findings,
      figures: {
        files: files.length,
        pointers: found.length - files.length,
        bytes: found.reduce((sum, { size = 0 }) => sum + size, 0),
      },
    };
  },
};

async function hashed(root: string, file: string, signal: AbortSignal): Promise<UnnamedArtifact> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const bytes of createReadStream(join(root, file), { highWaterMark: 2 ** 20, signal })) {
    hash.update(bytes);
    size += bytes.length;
  }
  return { file, sources: [], sha256: hash.digest('hex'), size, digestFrom: 'computed' };
}

async function readPointer(path: string) {
  return parseLfsPointer(await readFile(path, 'utf8'));
}

async function withSources(
  root: string,
  found: readonly UnnamedArtifact[],
  { settings }: ImportRequest,
  ports: ImportPorts,
  findings: ImportFinding[],
): Promise<UnnamedArtifact[]> {
  const base = settings['base-url'];
  if (base !== undefined) {
    return found.map((one) => {
      if (fileNameProblem(one.file) !== undefined) return one;
      const { collection, version } = settings;
      const address = addressFromTemplate(base, { file: one.file, collection, version }, 'base-url');
      const { source, finding } = takeSource(address, ports.placeholders);
      if (finding !== undefined) findings.push({ ...finding, subject: one.file, field: 'base-url' });
      return { ...one, sources: source === undefined ? [] : [source] };
    });
  }
  const here = found.filter(({ digestFrom }) => digestFrom === 'computed').map(({ file }) => file);
  const local = new Map(
    (await localSources(root, here, ports.manifestDirectory)).map((one) => [one.file, one.sources]),
  );
  return found.map((one) => ({ ...one, sources: local.get(one.file) ?? [] }));
}
