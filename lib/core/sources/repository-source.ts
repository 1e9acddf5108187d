import { decodePart, decodePath, encodePart, encodePath } from './percent-encoding.ts';
import type { GitHubRef, HuggingFaceRef } from './source-ref.ts';

/** Names of owners and repositories on Hugging Face: letters, digits, `.`, `_`, `-`, at most 96 characters. */
const hubName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}$/u;
const gitHubName = /^[A-Za-z0-9_.-]{1,100}$/u;
const hubForm = 'hf://owner/repo@revision/path';
const gitHubForm = 'github://owner/repo@tag/asset';

/** `hf://[datasets/|spaces/]owner/repo@revision/path`, each part percent-encoded. */
export function parseHuggingFace(uri: string): HuggingFaceRef | { problem: string } {
  const match = /^hf:\/\/(?:(models|datasets|spaces)\/)?([^/]*)(?:\/([^/]*))?(?:\/(.*))?$/u.exec(uri);
  if (match === null) return { problem: `write ${hubForm}` };
  if (/[?#]/u.test(uri)) return { problem: 'hf:// takes no query and no fragment; write ? as %3F and # as %23' };
  const [, type, owner = '', name = '', tail = ''] = match;
  if (owner.includes('@')) return { problem: `the owner is missing; write ${hubForm}` };
  const [repo = '', ...rest] = name.split('@');
  if (rest.length === 0) {
    return { problem: `the revision is missing; write ${hubForm}, for a branch hf://owner/repo@main/path` };
  }
  if (rest.length > 1) return { problem: 'an @ inside a revision is written %40' };
  if (!hubName.test(owner) || !hubName.test(repo))
    return { problem: `owner or repository is no name; write ${hubForm}` };
  const revision = decodeRevision(rest[0] ?? '', 'the revision');
  if ('problem' in revision) return revision;
  if (tail === '') return { problem: `the path is missing; write ${hubForm}` };
  const path = decodePath(tail, 'the path');
  if ('problem' in path) return path;
  const repoType = type === 'datasets' || type === 'spaces' ? type : 'models';
  return { scheme: 'hf', uri, repoType, repo: `${owner}/${repo}`, revision: revision.text, path: path.text };
}

/** `github://owner/repo@tag/asset[#id=123]`, each part percent-encoded (a tag with a slash: `v1%2Fbeta`). */
export function parseGitHub(uri: string): GitHubRef | { problem: string } {
  if (uri.includes('?')) return { problem: 'github:// takes no query; write ? as %3F' };
  const [location = '', fragment, ...more] = uri.slice('github://'.length).split('#');
  const parts = location.split('/');
  if (!uri.startsWith('github://') || parts.length < 3) return { problem: `write ${gitHubForm}` };
  if (parts.length > 3) {
    return { problem: `write ${gitHubForm}; a slash inside a tag is written %2F, and assets have no folders` };
  }
  const [owner = '', name = '', encodedAsset = ''] = parts;
  const [repo = '', encodedTag, ...rest] = name.split('@');
  if (encodedTag === undefined) return { problem: `the release tag is missing; write ${gitHubForm}` };
  if (rest.length > 0) return { problem: 'an @ inside a tag is written %40' };
  if (!gitHubName.test(owner) || !gitHubName.test(repo)) {
    return { problem: `owner or repository is no name; write ${gitHubForm}` };
  }
  const tag = decodeRevision(encodedTag, 'the tag');
  if ('problem' in tag) return tag;
  const asset = decodePath(encodedAsset, 'the asset');
  if ('problem' in asset) return asset;
  const id = fragment === undefined ? undefined : /^id=([1-9][0-9]{0,14})$/u.exec(fragment)?.[1];
  if ((fragment !== undefined && id === undefined) || more.length > 0) {
    return { problem: 'after # only id=NUMBER may stand, the id of the asset' };
  }
  const assetId = id === undefined ? undefined : Number(id);
  return { scheme: 'github', uri, owner, repo, tag: tag.text, asset: asset.text, assetId };
}

export function formatRepositorySource(ref: HuggingFaceRef | GitHubRef): string {
  if (ref.scheme === 'hf') {
    const type = ref.repoType === 'models' ? '' : `${ref.repoType}/`;
    return `hf://${type}${ref.repo}@${encodePart(ref.revision)}/${encodePath(ref.path)}`;
  }
  const id = ref.assetId === undefined ? '' : `#id=${ref.assetId}`;
  return `github://${ref.owner}/${ref.repo}@${encodePart(ref.tag)}/${encodePart(ref.asset)}${id}`;
}

/** Branches and tags may hold slashes (`refs/pr/1`) but obey Git's own rules on dots and specials. */
function decodeRevision(part: string, name: string): { text: string } | { problem: string } {
  const decoded = decodePart(part, name);
  if ('problem' in decoded) return decoded;
  const { text } = decoded;
  if (text === '') return { problem: `${name} is empty` };
  if (/\.\.|\/\/|^\/|\/$|[\s~^:?*[\\]/u.test(text)) return { problem: `${name} is not a name that Git allows` };
  return decoded;
}
