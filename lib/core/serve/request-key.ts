import { unsafeCharacter } from '../manifest/unsafe-characters.ts';

/**
 * The key that a request target names, or undefined for one that can name none. Decoded once, segment by segment:
 * what still holds a separator, a dot segment or a control character afterwards was made to deceive.
 * @param target the request line's, as sent
 */
export function requestKey(target: string): string | undefined {
  const path = target.split(/[?#]/, 1)[0] ?? '';
  if (!path.startsWith('/')) return undefined;
  const segments: string[] = [];
  for (const encoded of path.slice(1).split('/')) {
    let segment: string;
    try {
      segment = decodeURIComponent(encoded);
    } catch {
      return undefined;
    }
    if (segment === '.' || segment === '..' || /[/\\]/.test(segment) || unsafeCharacter(segment)) return undefined;
    segments.push(segment);
  }
  return segments.includes('') && segments.length > 1 ? undefined : segments.join('/');
}
