/** What the main thread asks of a hash worker; `stream` numbers one SHA-256 in progress. */
export type HashCall = { readonly call: number; readonly stream: number } & (
  | { readonly op: 'open'; readonly kind: 'native' }
  | { readonly op: 'open'; readonly kind: 'resumable'; readonly state: Uint8Array | undefined }
  | { readonly op: 'update' | 'crc32c'; readonly bytes: Uint8Array }
  | { readonly op: 'save' | 'digest' | 'drop' }
);

/** A digest in hex, a saved state, a CRC32C in base64, or nothing. */
export type HashValue = string | Uint8Array | undefined;

export type HashReply =
  | { readonly call: number; readonly value: HashValue }
  | { readonly call: number; readonly error: string };
