/** What opens something for whoever reads it, and how it looks. */
const kinds: readonly (readonly [kind: string, looks: RegExp])[] = [
  ['signature of a URL of S3', /X-Amz-Signature=[0-9a-f]{64}/gi],
  ['session token in a URL of S3', /X-Amz-Security-Token=[\w%/+=-]{40}/gi],
  ['signature of a URL of Cloud Storage', /X-Goog-Signature=[0-9a-f]{128}/gi],
  ['signature of a URL of this machine', /[?&]signature=[\w-]{43}(?![\w-])/g],
  ['mirror token', /weighbridge_[\w-]{43}(?![\w-])/g],
  ['token of an identity provider', /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g],
  ['credential of a header', /authorization["']?[:=] *["']?(?:Bearer|Basic) +[\w+/.=~-]{20,}/gi],
  ['signature of a request', /AWS4-HMAC-SHA256 [^\n]{0,400}Signature=[0-9a-f]{64}/g],
];

/** A secret that stands where others read. */
export interface LeakedSecret {
  readonly kind: string;
  /** From 1. */
  readonly line: number;
}

/**
 * Signatures, tokens and credentials in a text that is for others to read: what a program printed, a log, a report. What
 * is found is not repeated. Words that stand for a secret in an example are none: all their characters are one.
 */
export function leakedSecrets(text: string): readonly LeakedSecret[] {
  return kinds.flatMap(([kind, looks]) =>
    [...text.matchAll(looks)]
      .filter(([found]) => !/(.)\1{19}/.test(found))
      .map(({ index }) => ({ kind, line: text.slice(0, index).split('\n').length })),
  );
}
