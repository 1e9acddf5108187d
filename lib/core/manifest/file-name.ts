import { isDeviceName } from './fold-name.ts';
import { unsafeCharacter } from './unsafe-characters.ts';

const maximumSegments = 8;
/** What file systems allow for one name. */
const maximumSegmentBytes = 255;
const maximumBytes = 900;

/**
 * What is wrong with the path of a file inside a release, or undefined when it is fit for every store and every
 * file system that a mirror may be copied to.
 */
export function fileNameProblem(file: string): string | undefined {
  // Readers of objects.json in several languages would take it for something else than a name.
  if (file === '__proto__') return 'a file must not be called "__proto__"; take another name';
  if (file === '') return 'the path is empty; write one such as models/vae.ckpt';
  const unsafe = unsafeCharacter(file);
  if (unsafe !== undefined) return `the path holds the character ${unsafe}, which is not allowed`;
  if (file.startsWith('\\\\') || file.startsWith('//')) return 'network paths are not allowed; write a relative path';
  if (/^[A-Za-z]:/u.test(file)) return 'drive letters are not allowed; write a relative path';
  if (file.includes('\\')) return 'write / instead of a backslash';
  if (file.startsWith('/')) return 'absolute paths are not allowed; write a relative path';
  if (Buffer.byteLength(file) > maximumBytes) return `a path has at most ${maximumBytes} bytes`;
  const segments = file.split('/');
  if (segments.length > maximumSegments)
    return `a path has at most ${maximumSegments} segments; this has ${segments.length}`;
  for (const segment of segments) {
    const problem = segmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function segmentProblem(segment: string): string | undefined {
  if (segment === '') return 'a path must not have an empty segment (a slash at its end, or two in a row)';
  if (segment === '.' || segment === '..') return `a path must not have the segment "${segment}"`;
  if (segment.endsWith('.') || segment.endsWith(' ')) return 'no segment may end in a dot or a space';
  if (Buffer.byteLength(segment) > maximumSegmentBytes) return `a segment has at most ${maximumSegmentBytes} bytes`;
  if (isDeviceName(segment)) return `"${segment}" is the name of a device on Windows; take another`;
  return undefined;
}
