import { createHash, randomBytes } from 'node:crypto';

const prefix = 'weighbridge_';

/** 32 random bytes in base64url behind a word by which scanners for secrets know it. */
export const mirrorToken = /^weighbridge_[A-Za-z0-9_-]{43}$/u;
const anywhere = /weighbridge_[A-Za-z0-9_-]{43}/gu;

/** Makes a token; to be shown once. */
export function newMirrorToken(): string {
  return prefix + randomBytes(32).toString('base64url');
}

/** What the policy holds of a token: lowercase hex of the SHA-256 of its whole text. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Where tokens stand in a text. */
export function tokenOffsets(text: string): number[] {
  return [...text.matchAll(anywhere)].map(({ index }) => index);
}

export function hideTokens(text: string): string {
  return text.replace(anywhere, `${prefix}…`);
}
