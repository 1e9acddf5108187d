import { posix } from 'node:path';
import { findPlaceholder } from '../manifest/placeholders.ts';
import { escapeUnsafe, unsafeCharacter } from '../manifest/unsafe-characters.ts';
import { formatBucketSource, parseGoogleStorage, parseS3 } from './bucket-source.ts';
import { decodePart, encodePath } from './percent-encoding.ts';
import { formatRepositorySource, parseGitHub, parseHuggingFace } from './repository-source.ts';
import { secretParameter } from './signed-url.ts';
import type { SourceRef } from './source-ref.ts';

/** Why a text is no usable source URI, and what would be right. Never repeats a credential. */
export interface SourceProblem {
  readonly problem: string;
}

/**
 * Parses one source URI of a manifest. Text that nobody filled in becomes a `placeholder` reference, because it is
 * an outcome of its own; anything else that is no source comes back as a problem, not as an exception.
 * @param placeholders patterns of the configuration, besides the built-in ones.
 */
export function parseSource(uri: string, placeholders: readonly string[] = []): SourceRef | SourceProblem {
  const unsafe = unsafeCharacter(uri);
  if (unsafe !== undefined) return { problem: `a source must not hold the character ${unsafe}` };
  const secret = credentialProblem(uri);
  if (secret !== undefined) return { problem: secret };
  const pattern = findPlaceholder(uri, placeholders);
  if (pattern !== undefined) return { scheme: 'placeholder', uri, pattern };
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/u.exec(uri)?.[1];
  if (scheme === 'file') return parseFile(uri);
  if (/\s/u.test(uri)) return { problem: 'a source must not hold white space; write a space as %20' };
  switch (scheme) {
    case 'https':
    case 'http':
      return parseHttps(uri);
    case 'hf':
      return parseHuggingFace(uri);
    case 'github':
      return parseGitHub(uri);
    case 's3':
      return parseS3(uri);
    case 'gs':
      return parseGoogleStorage(uri);
    default:
      return { problem: unknownScheme(scheme) };
  }
}

/** The canonical spelling of a reference: the same reference again when parsed. A placeholder is given back as written. */
export function formatSource(ref: SourceRef): string {
  switch (ref.scheme) {
    case 'https':
      return ref.url.href;
    case 'hf':
    case 'github':
      return formatRepositorySource(ref);
    case 's3':
    case 'gs':
      return formatBucketSource(ref);
    case 'file':
      return `file:${encodePath(ref.path)}`;
    case 'placeholder':
      return ref.uri;
  }
}

/** The last path segment of what a source names: the file's name upstream; undefined where there is none. */
export function sourceFileName(ref: SourceRef): string | undefined {
  const name = posix.basename(sourcePath(ref) ?? '');
  return name === '' ? undefined : name;
}

function sourcePath(ref: SourceRef): string | undefined {
  switch (ref.scheme) {
    case 'https': {
      const decoded = decodePart(ref.url.pathname.split('/').at(-1) ?? '', 'the path');
      return 'text' in decoded && !decoded.text.includes('/') ? decoded.text : undefined;
    }
    case 'github':
      return ref.asset;
    case 's3':
    case 'gs':
      return ref.key.endsWith('/') ? undefined : ref.key;
    case 'hf':
    case 'file':
      return ref.path;
    case 'placeholder':
      return undefined;
  }
}

function credentialProblem(uri: string): string | undefined {
  if (/^(?:https?|s3|gs|ftp):\/\/[^/?#]*@/iu.test(uri)) {
    return 'a source must not hold a user name or password; give tokens in the environment or in a netrc file';
  }
  const cut = uri.search(/[?#]/u);
  const name = cut < 0 ? undefined : secretParameter(uri.slice(cut + 1).replace(/[?#]/gu, '&'));
  if (name === undefined) return undefined;
  return `a signed URL is a credential and cannot stand in a manifest (its parameter ${escapeUnsafe(name.slice(0, 40))}); write the URL without it`;
}

function parseHttps(uri: string): SourceRef | SourceProblem {
  if (!/^https?:\/\/[^/]/u.test(uri)) return { problem: 'write https://host/path' };
  const url = URL.parse(uri);
  if (url === null || url.hostname === '') return { problem: 'not a URL; write https://host/path' };
  if (uri.includes('#')) return { problem: 'the part after # is never sent to a server; remove it, or write # as %23' };
  if (uri.includes('\\')) return { problem: 'write / instead of a backslash' };
  const page = /^\/((?:datasets\/|spaces\/)?[^/]+\/[^/]+)\/blob\/([^/]+)\/(.+)$/u.exec(url.pathname);
  if (page !== null && url.hostname === 'huggingface.co') {
    return { problem: `this is the web page of a file, not the file; write hf://${page[1]}@${page[2]}/${page[3]}` };
  }
  return { scheme: 'https', uri, url };
}

function parseFile(uri: string): SourceRef | SourceProblem {
  const written = uri.slice('file:'.length);
  if (/[?#]/u.test(written)) return { problem: 'write ? as %3F and # as %23 in a file: source' };
  const decoded = decodePart(written, 'the path');
  if ('problem' in decoded) return decoded;
  const path = decoded.text;
  if (path.includes('\\')) return { problem: 'write / instead of a backslash' };
  if (path.startsWith('/') || /^[A-Za-z]:/u.test(path)) {
    return { problem: "a file: source is relative to the manifest's own directory; write file:folder/name" };
  }
  const normal = posix.normalize(path);
  if (normal === '..' || normal.startsWith('../')) {
    return { problem: "a file: source must lie below the manifest's own directory" };
  }
  if (normal === '.' || normal.endsWith('/'))
    return { problem: 'a file: source names one file; write file:folder/name' };
  return { scheme: 'file', uri, path: normal };
}

function unknownScheme(scheme: string | undefined): string {
  const known = 'https://, hf://, github://, s3://, gs:// and file:';
  if (scheme === undefined) return `not a source; sources begin with ${known} (a file beside the manifest: file:name)`;
  if (scheme.length === 1) return "not a source; for a file below the manifest's own directory write file:folder/name";
  const lower = scheme.toLowerCase();
  if (lower !== scheme && ['https', 'http', 'hf', 'github', 's3', 'gs', 'file'].includes(lower)) {
    return `write the scheme in lower case: ${lower}:`;
  }
  return `${scheme.slice(0, 40)}: sources are not known; sources begin with ${known}`;
}
