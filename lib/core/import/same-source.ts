import { parseSource } from '../sources/parse-source.ts';
import type { SourceRef } from '../sources/source-ref.ts';

/** Is `kept` what the input names, perhaps pinned since by `lock` (branch to commit, tag to asset, key to version)? */
export function sameSource(kept: SourceRef, imported: string): boolean {
  if (kept.uri === imported) return true;
  const ref = parseSource(imported);
  if ('problem' in ref || ref.scheme !== kept.scheme) return false;
  switch (kept.scheme) {
    case 'hf': {
      if (ref.scheme !== 'hf' || ref.repo !== kept.repo || ref.repoType !== kept.repoType || ref.path !== kept.path) {
        return false;
      }
      return ref.revision === kept.revision || (isCommit(kept.revision) && !isCommit(ref.revision));
    }
    case 'github': {
      if (ref.scheme !== 'github' || ref.owner !== kept.owner || ref.repo !== kept.repo) return false;
      return ref.tag === kept.tag && ref.asset === kept.asset && (ref.assetId ?? kept.assetId) === kept.assetId;
    }
    case 's3': {
      if (ref.scheme !== 's3' || ref.bucket !== kept.bucket || ref.key !== kept.key) return false;
      return (ref.versionId ?? kept.versionId) === kept.versionId;
    }
    case 'gs': {
      if (ref.scheme !== 'gs' || ref.bucket !== kept.bucket || ref.key !== kept.key) return false;
      return (ref.generation ?? kept.generation) === kept.generation;
    }
    case 'https':
      return ref.scheme === 'https' && ref.url.href === kept.url.href;
    case 'file':
      return ref.scheme === 'file' && ref.path === kept.path;
    case 'placeholder':
      return false;
  }
}

function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
