import { isUtf8 } from 'node:buffer';

/** A manifest of 10,000 artifacts has about 2 MiB; what is larger than this is a mistake or an attack. */
export const maximumTextBytes = 16 * 1024 * 1024;

/** Something wrong at a place of the text (UTF-16 units from its start). */
export interface TextFault {
  readonly offset: number;
  readonly message: string;
}

export interface DecodedText {
  /** Without a byte order mark. As far as it can be read, when there is a fault. */
  readonly text: string;
  readonly fault: TextFault | undefined;
}

/** Bytes (or text) of a configuration file as text: UTF-8 only, a byte order mark is dropped, never repaired. */
export function decodeText(input: string | Uint8Array): DecodedText {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength;
  if (size > maximumTextBytes) {
    const message = `the file has ${size} bytes; at most ${maximumTextBytes} are read`;
    return { text: '', fault: { offset: 0, message } };
  }
  if (typeof input === 'string') return checked(withoutMark(input));
  const [first, second] = input;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { text: '', fault: { offset: 0, message: 'the file is UTF-16; save it as UTF-8' } };
  }
  const bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength);
  if (isUtf8(bytes)) return checked(withoutMark(bytes.toString('utf8')));
  const text = withoutMark(bytes.subarray(0, validPrefix(bytes)).toString('utf8'));
  return { text, fault: { offset: text.length, message: 'the file is not UTF-8 from here on; save it as UTF-8' } };
}

function checked(text: string): DecodedText {
  const nul = text.indexOf('\0');
  if (nul >= 0) return { text, fault: { offset: nul, message: 'the file holds a NUL character; it is not text' } };
  if (text.isWellFormed()) return { text, fault: undefined };
  return { text, fault: { offset: text.search(/\p{Cs}/u), message: 'the text holds half of a surrogate pair' } };
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The length of the longest valid prefix: a prefix is valid exactly when it is shorter than the first fault. */
function validPrefix(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isValidUpTo(bytes, middle)) low = middle;
    else high = middle - 1;
  }
  while (low > 0 && !isUtf8(bytes.subarray(0, low))) low -= 1;
  return low;
}

/** Valid apart from a last character that the cut went through (at most three bytes). */
function isValidUpTo(bytes: Buffer, length: number): boolean {
  for (let end = length; end >= Math.max(0, length - 3); end -= 1) {
    if (isUtf8(bytes.subarray(0, end))) return true;
  }
  return false;
}
