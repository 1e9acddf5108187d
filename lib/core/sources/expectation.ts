import type { Sha256 } from '../digest/sha256.ts';
import { type SourceDescription, SourceError } from './source.ts';

/** What the manifest says about the bytes that a source should have. */
export interface SourceExpectation {
  /** The artifact's kind, as in the manifest. */
  readonly kind: string;
  /** Its path in the release. */
  readonly file: string;
  /** Bytes. */
  readonly size: number | undefined;
  readonly sha256: Sha256 | undefined;
}

/** Kinds whose files are small by nature; everything else holds weights, or things as large. */
const smallKinds = new Set([
  ...['config', 'tokenizer', 'metadata', 'vocabulary', 'vocab', 'labels', 'card', 'readme', 'notes', 'license'],
  ...['documentation', 'docs', 'metrics', 'evaluation', 'index', 'script', 'code', 'report', 'checksum', 'signature'],
]);

/** Below this many bytes a body is no weights file but an error page or a stub. Applies where the manifest has no size. */
export const smallestWeights = 1_000_000;

export function holdsWeights(expect: SourceExpectation): boolean {
  return !smallKinds.has(expect.kind.toLowerCase());
}

/** May the file be a web page? */
export function mayBeHtml(expect: SourceExpectation): boolean {
  return /\.(?:x?html?|md|txt)$/i.test(expect.file);
}

/**
 * Compares what upstream says with what the manifest says.
 * @throws SourceError `wrong-size`, `wrong-digest` or, without a size in the manifest, `too-small`.
 */
export function checkDescription(description: SourceDescription, expect: SourceExpectation): void {
  const { size, sha256, source } = description;
  if (size !== undefined && expect.size !== undefined && size !== expect.size) {
    throw new SourceError('wrong-size', `${source} has ${size} bytes, the manifest says ${expect.size}`, {
      evidence: { expected: expect.size, actual: size },
    });
  }
  if (sha256 !== undefined && expect.sha256 !== undefined && !sha256.equals(expect.sha256)) {
    throw new SourceError(
      'wrong-digest',
      `${source} has SHA-256 ${sha256.hex}, the manifest says ${expect.sha256.hex}`,
      {
        evidence: { expected: expect.sha256.hex, actual: sha256.hex },
      },
    );
  }
  // With a published digest the file is what its author meant, however small.
  const unproven = expect.size === undefined && expect.sha256 === undefined && sha256 === undefined;
  if (unproven && size !== undefined && size < smallestWeights && holdsWeights(expect)) {
    throw new SourceError('too-small', `${source} has ${size} bytes, too few for a ${expect.kind}`, {
      evidence: { actual: size, smallest: smallestWeights },
      hint: 'If that is right, write its size into the manifest.',
    });
  }
}
