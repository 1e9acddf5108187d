import { posix } from 'node:path';
import type { Sha256 } from '../digest/sha256.ts';
import { NotFound, UsageError } from '../errors.ts';
import { formatSource } from '../sources/parse-source.ts';
import { parseHuggingFace } from '../sources/repository-source.ts';
import { withoutCredentials } from '../sources/signed-url.ts';
import type { HuggingFaceRef } from '../sources/source-ref.ts';
import type { SkippedFile } from './local-files.ts';
import type { UnnamedArtifact } from './name-artifacts.ts';

/** A repository, or what lies below a folder of it, at a revision. */
export type RepositoryRef = Pick<HuggingFaceRef, 'repoType' | 'repo' | 'revision'> & {
  /** Folder or file; empty for the whole repository. */
  readonly prefix: string;
};

/** What the repository holds at one commit. */
export interface RepositoryFiles {
  /** 40 hex digits. */
  readonly commit: string;
  readonly files: readonly {
    readonly path: string;
    /** Bytes. */
    readonly size: number;
    /** Where upstream publishes it: files in LFS or Xet. */
    readonly sha256: Sha256 | undefined;
  }[];
}

export interface RepositoryArtifacts {
  readonly artifacts: readonly UnnamedArtifact[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * `hf://[datasets/|spaces/]owner/repo[@revision][/prefix]`; without a revision it is `main`.
 * @throws UsageError
 */
export function parseRepository(uri: string): RepositoryRef {
  const [, scheme = '', location = ''] = /^(hf:\/\/(?:models\/|datasets\/|spaces\/)?)(.*)$/.exec(uri) ?? [];
  const [owner = '', name = '', ...rest] = location.replace(/\/+$/, '').split('/');
  const repository = name.includes('@') ? name : `${name}@main`;
  // A path is what a source needs and a repository may lack.
  const path = rest.length === 0 ? 'x' : rest.join('/');
  const ref = parseHuggingFace(`${scheme}${owner}/${repository}/${path}`);
  if ('problem' in ref)
    throw new UsageError(`${withoutCredentials(uri)}: ${ref.problem}`, { hint: 'Write hf://owner/repo@revision.' });
  return { ...ref, prefix: rest.length === 0 ? '' : ref.path };
}

/**
 * The files of a repository as artifacts, pinned to its commit, with the digests that it publishes. Files are named
 * relative to the prefix.
 * @throws NotFound when nothing lies below the prefix.
 */
export function repositoryArtifacts(ref: RepositoryRef, listing: RepositoryFiles): RepositoryArtifacts {
  const skipped: SkippedFile[] = [];
  const artifacts = listing.files.flatMap(({ path, size, sha256 }): UnnamedArtifact[] => {
    const file = relativeTo(ref.prefix, path);
    if (file === undefined || file.split('/').some((segment) => segment.startsWith('.'))) return [];
    if (size === 0) {
      skipped.push({ file, reason: 'is empty' });
      return [];
    }
    const source = formatSource({ ...ref, scheme: 'hf', uri: '', revision: listing.commit, path });
    const digest = sha256 === undefined ? {} : { sha256: sha256.hex, digestFrom: 'upstream' as const };
    return [{ file, sources: [source], size, ...digest }];
  });
  if (artifacts.length === 0) {
    throw new NotFound(`${ref.repo} has no files${ref.prefix === '' ? '' : ` below ${ref.prefix}`} at ${ref.revision}`);
  }
  return { artifacts, skipped };
}

function relativeTo(prefix: string, path: string): string | undefined {
  if (prefix === '') return path;
  if (path === prefix) return posix.basename(path);
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : undefined;
}
