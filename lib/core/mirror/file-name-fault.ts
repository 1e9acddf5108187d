import { privateFolder, reservedFiles } from '../../contract/keys.ts';
import { foldName, isDeviceName } from '../manifest/fold-name.ts';
import { unsafeCharacter } from '../manifest/unsafe-characters.ts';

/**
 * Why a record's file name may not become a path on this disk, worded to follow the name; undefined for a safe one.
 * The rules of manifests, applied again: a mirror may be hostile, and its registry was not written by our parser.
 */
export function fileNameFault(file: string): string | undefined {
  const segments = file.split('/');
  if (file === '' || Buffer.byteLength(file) > 900 || segments.length > 8) return 'is no usable path';
  if (unsafeCharacter(file) !== undefined || file.includes('\\')) return 'holds characters that no file name may have';
  if ((reservedFiles as readonly string[]).includes(file)) return 'is a name of the mirror itself';
  if (foldName(segments[0] ?? '') === privateFolder) return 'lies in the private folder';
  for (const segment of segments) {
    if (segment === '' || segment === '.' || segment === '..') return 'leaves its folder or is absolute';
    if (Buffer.byteLength(segment) > 255) return 'has a segment above 255 bytes';
    if (/[. ]$/.test(segment)) return 'has a segment that ends in a dot or blank';
    if (isDeviceName(segment)) return 'is a device name';
  }
  return undefined;
}
