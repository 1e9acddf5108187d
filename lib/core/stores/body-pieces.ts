import { Readable } from 'node:stream';

/** Bytes handed to a connection at a time. */
const pieceSize = 256 * 1024;

/**
 * A request body that is handed over piece by piece, each when the one before has left. What is handed to a TLS
 * connection at once is encrypted at once, into memory outside of any budget: four parts of 16 MiB under way took
 * 86 MiB more in one piece each, and 11 MiB in pieces of 256 KiB. Over plain HTTP nothing is copied either way.
 */
export function bodyPieces(body: readonly Uint8Array[]): Readable {
  return Readable.from(piecesOf(body), { objectMode: true, highWaterMark: 1 });
}

function* piecesOf(body: readonly Uint8Array[]): Generator<Buffer> {
  for (const { buffer, byteOffset, byteLength } of body) {
    for (let at = 0; at < byteLength; at += pieceSize) {
      yield Buffer.from(buffer, byteOffset + at, Math.min(pieceSize, byteLength - at));
    }
  }
}
