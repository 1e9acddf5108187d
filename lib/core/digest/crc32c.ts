import { crc32c as nativeCrc32c } from '@node-rs/crc32';

/**
 * A CRC-32C (Castagnoli, reflected, as in RFC 3720) with the count of bytes that it covers, so that the
 * checksums of consecutive runs of bytes can be joined without reading them again. S3 and GCS both store
 * it for whole objects, in the same base64.
 */
export class Crc32c {
  static readonly empty = new Crc32c(0, 0);
  readonly value: number;
  readonly length: number;

  private constructor(value: number, length: number) {
    this.value = value;
    this.length = length;
  }

  static ofBytes(bytes: Uint8Array): Crc32c {
    return new Crc32c(nativeCrc32c(bytes) >>> 0, bytes.byteLength);
  }

  /** @throws RangeError unless `text` is the base64 of four bytes. */
  static fromBase64(text: string, length: number): Crc32c {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== 4) throw new RangeError('not a CRC32C in base64');
    return new Crc32c(bytes.readUInt32BE(), length);
  }

  /** The checksum of these bytes followed by the bytes of `next`. */
  concat(next: Crc32c): Crc32c {
    return new Crc32c((shiftByZeros(this.value, next.length) ^ next.value) >>> 0, this.length + next.length);
  }

  /** Big-endian bytes in base64, as S3 (`x-amz-checksum-crc32c`) and GCS (`crc32c`) write it. */
  get base64(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.value);
    return bytes.toString('base64');
  }
}

const polynomial = 0x82f63b78;

/** A linear map over GF(2): column `i` is what bit `i` becomes. */
type Matrix = Int32Array;

function applyMatrix(matrix: Matrix, vector: number): number {
  let result = 0;
  for (let bit = 0, rest = vector; rest !== 0; bit += 1, rest >>>= 1) {
    if (rest & 1) result ^= matrix[bit] as number;
  }
  return result;
}

function square(matrix: Matrix): Matrix {
  return Int32Array.from(matrix, (column) => applyMatrix(matrix, column));
}

/** Maps for 2^0, 2^1, … zero bytes; made once, as far as they are needed (2^45 bytes exceed any object). */
const zeroBytes: Matrix[] = [];

function zeroBytesMatrix(power: number): Matrix {
  if (zeroBytes.length === 0) {
    // One zero bit shifts the register right and folds the lowest bit back through the polynomial.
    const oneBit = Int32Array.from({ length: 32 }, (_, bit) => (bit === 0 ? polynomial : 1 << (bit - 1)));
    zeroBytes.push(square(square(square(oneBit))));
  }
  while (zeroBytes.length <= power) zeroBytes.push(square(zeroBytes.at(-1) as Matrix));
  return zeroBytes[power] as Matrix;
}

/** What a checksum becomes when `length` zero bytes follow: the method of zlib's `crc32_combine`. */
function shiftByZeros(crc: number, length: number): number {
  let result = crc;
  for (let power = 0, rest = length; rest > 0; power += 1, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = applyMatrix(zeroBytesMatrix(power), result);
  }
  return result >>> 0;
}
