import { createHash } from 'node:crypto';

const hexPattern = /^[0-9a-f]{64}$/;

/** A SHA-256 digest as a value: always 64 lowercase hex digits inside. */
export class Sha256 {
  readonly hex: string;

  private constructor(hex: string) {
    this.hex = hex;
  }

  /** Accepts 64 hex digits in either case; undefined for anything else. */
  static parse(text: string): Sha256 | undefined {
    const lower = text.toLowerCase();
    return hexPattern.test(lower) ? new Sha256(lower) : undefined;
  }

  /** @throws RangeError for anything but 64 hex digits; for text that was validated before. */
  static of(text: string): Sha256 {
    const digest = Sha256.parse(text);
    if (digest === undefined) throw new RangeError('not a SHA-256 in hex');
    return digest;
  }

  static ofBytes(bytes: Uint8Array | string): Sha256 {
    return new Sha256(createHash('sha256').update(bytes).digest('hex'));
  }

  /** RFC 9530 `Repr-Digest` member value: `sha-256=:…:`. */
  get reprDigest(): string {
    return `sha-256=:${Buffer.from(this.hex, 'hex').toString('base64')}:`;
  }

  /** First 12 digits, for people. */
  get short(): string {
    return this.hex.slice(0, 12);
  }

  equals(other: Sha256 | undefined): boolean {
    return other !== undefined && other.hex === this.hex;
  }

  toString(): string {
    return this.hex;
  }

  toJSON(): string {
    return this.hex;
  }
}
