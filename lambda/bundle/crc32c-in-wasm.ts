import { createCRC32 } from 'hash-wasm';

/** Castagnoli's, reflected. */
const hasher = await createCRC32(0x82f63b78);

/**
 * The function of that name of `@node-rs/crc32`, whose place it takes in bundles: those run on another processor than
 * the one that they are made on, so nothing native can travel with them.
 */
export function crc32c(bytes: Uint8Array): number {
  return Number.parseInt(hasher.init().update(bytes).digest('hex'), 16);
}
