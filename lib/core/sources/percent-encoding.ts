import { unsafeCharacter } from '../manifest/unsafe-characters.ts';

export type Decoded = { readonly text: string } | { readonly problem: string };

/** Decodes one percent-encoded part of a source URI; refuses broken escapes and characters that hide. */
export function decodePart(part: string, name: string): Decoded {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    return { problem: `${name} holds a broken percent escape; a literal % is written %25` };
  }
  const unsafe = unsafeCharacter(text);
  return unsafe === undefined ? { text } : { problem: `${name} holds the character ${unsafe}, which is not allowed` };
}

/** Decodes a path of `/`-separated segments; no segment may be empty, `.`, `..` or hide a slash. */
export function decodePath(path: string, name: string): Decoded {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    const decoded = decodePart(segment, name);
    if ('problem' in decoded) return decoded;
    if (decoded.text === '') return { problem: `${name} has an empty segment` };
    if (decoded.text === '.' || decoded.text === '..') return { problem: `${name} must not contain "${decoded.text}"` };
    if (decoded.text.includes('/')) return { problem: `${name} hides a slash as %2F; write / instead` };
    segments.push(decoded.text);
  }
  return { text: segments.join('/') };
}

/** Encodes one part so that `decodePart` gives it back; `+ = , :` stay readable. */
export function encodePart(text: string): string {
  return encodeURIComponent(text).replace(/%(?:2B|3D|2C|3A)/gu, decodeURIComponent);
}

/** Encodes a path, keeping its slashes. */
export function encodePath(path: string): string {
  return path.split('/').map(encodePart).join('/');
}
