/**
 * The name as a file system would compare it that ignores case and Unicode form (APFS, NTFS, exFAT).
 * Upper then lower case is full folding for what matters: `ß` meets `SS`, the Kelvin sign meets `k`.
 */
export function foldName(name: string): string {
  if (isAscii(name)) return name.toLowerCase();
  return name.normalize('NFC').toLowerCase().toUpperCase().toLowerCase().normalize('NFC');
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

const devices = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/iu;

/** Is this path segment a device on Windows, whatever its extension (`nul.txt`, `COM1.ckpt`)? */
export function isDeviceName(segment: string): boolean {
  const stem = segment.split('.', 1)[0] ?? '';
  return devices.test(stem.trimEnd());
}
