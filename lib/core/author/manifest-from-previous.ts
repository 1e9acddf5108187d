import { basename, dirname, join, relative, sep } from 'node:path';
import { type Document, isMap, isScalar, isSeq, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { UsageError } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { formatSource, parseSource } from '../sources/parse-source.ts';
import { isTagVersion } from './manifest-draft.ts';

export interface NextVersion {
  readonly collection: string;
  readonly version: string;
  readonly access?: 'public' | 'private' | undefined;
  readonly license?: string | undefined;
  /** Absolute folders of the old and the new manifest. */
  readonly from: string;
  readonly to: string;
}

export interface NextManifest {
  readonly text: string;
  /** Sources that still name what the old version was pinned to. */
  readonly pinned: readonly string[];
}

/** What belongs to the bytes of the old version alone. */
const clearedFields = ['sha256', 'size', 'digestFrom'];

/**
 * The next version's manifest from the last one's: ids, order, comments, kinds, labels and sources stay; the version
 * is set, and sha256, size and digestFrom are gone until `lock` obtains the new ones.
 * @param text the old manifest, already validated as `manifest`.
 * @throws UsageError when a `file:` source cannot be named from the new manifest's folder.
 */
export function manifestFromPrevious(text: string, manifest: Manifest, next: NextVersion): NextManifest {
  const document = parseDocument(text);
  setTop(document, 'collection', next.collection);
  setTop(document, 'version', next.version);
  if (next.access !== undefined) setTop(document, 'access', next.access);
  if (next.license !== undefined) setTop(document, 'license', next.license);
  if (isTagVersion(next.version) && manifest.versioning === 'semver') {
    throw new UsageError(`${next.version} is no semver version, and ${manifest.collection} uses semver`, {
      hint: 'A collection keeps one scheme; take a version such as 1.2.0.',
    });
  }
  const artifacts = document.get('artifacts', true);
  for (const item of isSeq(artifacts) ? artifacts.items : []) {
    if (!isMap(item)) continue;
    for (const field of clearedFields) removeField(item, field);
    for (const source of sourceScalars(item)) source.value = moved(String(source.value), next);
  }
  const pinned = manifest.artifacts.flatMap(({ sources }) => sources.filter(isPinned).map(({ uri }) => uri));
  return { text: document.toString({ lineWidth: 0, flowCollectionPadding: true }), pinned };
}

function setTop(document: Document, key: string, value: string): void {
  const node = document.get(key, true);
  if (isScalar(node)) node.value = value;
  else document.set(key, value);
}

/** Comments above a removed field stay, above what follows it. */
function removeField(map: YAMLMap, field: string): void {
  const index = map.items.findIndex(({ key }) => isScalar(key) && key.value === field);
  if (index === -1) return;
  const [removed] = map.items.splice(index, 1);
  const comment = isScalar(removed?.key) ? removed.key.commentBefore : undefined;
  if (comment == null) return;
  const following = map.items[index]?.key;
  if (isScalar(following)) following.commentBefore = [comment, following.commentBefore].filter(Boolean).join('\n');
  else map.comment = [map.comment, comment].filter(Boolean).join('\n');
}

function sourceScalars(artifact: YAMLMap): Scalar[] {
  const list = artifact.get('sources', true);
  const nodes = isSeq(list) ? list.items : [artifact.get('source', true)];
  return nodes.filter((node): node is Scalar => isScalar(node) && typeof node.value === 'string');
}

/** The same local file as the new manifest's folder names it. */
function moved(uri: string, next: NextVersion): string {
  if (!uri.startsWith('file:') || next.from === next.to) return uri;
  const ref = parseSource(uri);
  if ('problem' in ref || ref.scheme !== 'file') return uri;
  const path = relative(next.to, join(next.from, ref.path)).split(sep).join('/');
  if (path.startsWith('../')) {
    throw new UsageError(`${uri} does not lie below the folder of the new manifest`, {
      hint: 'file: sources lie below the manifest: write it beside the old one, with --output.',
    });
  }
  return formatSource({ scheme: 'file', uri: '', path });
}

function isPinned(ref: Manifest['artifacts'][number]['sources'][number]): boolean {
  if (ref.scheme === 'hf') return /^[0-9a-f]{40}$/.test(ref.revision);
  if (ref.scheme === 'github') return true;
  return (ref.scheme === 's3' && ref.versionId !== undefined) || (ref.scheme === 'gs' && ref.generation !== undefined);
}

/**
 * Where the next version's manifest goes unless the author says otherwise: beside the old one, under the same name
 * with the new version in it.
 */
export function nextManifestPath(oldPath: string, oldVersion: string, version: string): string {
  const name = basename(oldPath);
  const renamed = name.includes(oldVersion) ? name.replace(oldVersion, version) : `${version}.yaml`;
  return join(dirname(oldPath), renamed);
}
