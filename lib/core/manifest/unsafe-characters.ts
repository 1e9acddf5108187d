/**
 * Characters that make a name look like another one, or that no file system and no terminal should be given:
 * controls, line separators, bidirectional overrides, zero-width and other ignorable ones, halves of surrogate pairs.
 */
const unsafe = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;
const unsafeAll = new RegExp(unsafe.source, 'gu');

/** The first unsafe character as `U+202E`, or undefined. */
export function unsafeCharacter(text: string): string | undefined {
  const found = unsafe.exec(text);
  return found ? codePointName(found[0]) : undefined;
}

/** The same text with every unsafe character spelled out (`\u202e`), so that a terminal shows what is there. */
export function escapeUnsafe(text: string): string {
  return text.replace(unsafeAll, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0x0a) return '\\n';
    if (code === 0x0d) return '\\r';
    if (code === 0x09) return '\\t';
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
