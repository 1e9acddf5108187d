import { mayBeHtml, type SourceExpectation } from './expectation.ts';
import { SourceError } from './source.ts';

/** A Git LFS pointer is shorter than this (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
export const pointerLimit = 1024;

const pointerStart = 'version https://git-lfs.github.com/spec/';

/** Web pages say what they are; weights never begin like this. */
export function checkMediaType(mediaType: string | undefined, source: string, expect: SourceExpectation): void {
  if (mediaType === undefined || !/^(?:text\/html|application\/xhtml\+xml)\b/i.test(mediaType)) return;
  if (!mayBeHtml(expect)) throw html(source);
}

/**
 * Looks at the first bytes of a body. What is said there beats the content type, which lies.
 * @param start at least the first 1,024 bytes, or all of a shorter body.
 * @throws SourceError `wrong-content` for a Git LFS pointer, with the digest that it points to, or a web page.
 */
export function checkStart(start: Uint8Array, source: string, expect: SourceExpectation): void {
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.byteLength, pointerLimit)).toString('latin1');
  if (text.startsWith(pointerStart)) {
    const oid = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
    const size = /^size (\d{1,16})$/m.exec(text)?.[1];
    throw new SourceError('wrong-content', `${source} is a Git LFS pointer, not the file it points to`, {
      evidence: { oid, size: size === undefined ? undefined : Number(size) },
      hint: 'Use a URL that serves the file itself, such as hf://… or the host’s media URL.',
    });
  }
  if (!mayBeHtml(expect) && /^(?:\u00ef\u00bb\u00bf)?\s*(?:<!doctype\s+html|<html[\s>])/i.test(text))
    throw html(source);
}

function html(source: string): SourceError {
  return new SourceError('wrong-content', `${source} is a web page, not a file`, {
    hint: 'It may be a login or error page: open the URL without being signed in.',
  });
}
