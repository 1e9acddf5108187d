/** The text that a part of an address stands for; undefined when it is not percent-encoded UTF-8. */
export function percentDecoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
