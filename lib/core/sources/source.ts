import type { ByteRange } from '../byte-range.ts';
import type { Sha256 } from '../digest/sha256.ts';
import { type ErrorOptionsWithEvidence, WeighbridgeError } from '../errors.ts';

/** How one attempt at a source ended, as reports word it. */
export type SourceOutcome =
  | 'ok'
  | 'gated' //           exists, but a licence must be accepted or a token granted
  | 'unauthorised' //    401/403 without a sign of gating
  | 'missing' //         404, 410, no such file, revision, release or asset
  | 'rate-limited' //    429, or a quota header says so
  | 'broken' //          5xx, resets, stalls, malformed answers
  | 'placeholder' //     the source is a template nobody filled in
  | 'forbidden' //       our own rules refuse it: plain http, private address, redirect out of bounds, outside the directory
  | 'wrong-content' //   HTML, a Git LFS pointer, or a body encoded against our wish
  | 'too-small' //       no size known and the body is below the minimum for its kind
  | 'wrong-size'
  | 'wrong-digest'
  | 'changed' //         upstream replaced the object while it was being read
  | 'unsupported'; //    this version cannot read that kind of source

export interface SourceErrorOptions extends ErrorOptionsWithEvidence {
  /** A fresh `resolve()` may help although the same request will not: an expired signed redirect. */
  readonly resolveAgain?: boolean;
}

/** A source did not deliver. `outcome` is what the report says; `retryable` is about the same source. */
export class SourceError extends WeighbridgeError {
  override readonly name = 'SourceError';
  readonly outcome: Exclude<SourceOutcome, 'ok'>;
  readonly resolveAgain: boolean;
  constructor(outcome: Exclude<SourceOutcome, 'ok'>, message: string, options: SourceErrorOptions = {}) {
    super(message, options);
    this.outcome = outcome;
    this.resolveAgain = options.resolveAgain ?? false;
  }
}

/** Upstream was asked for a range and answers with whole bodies only. */
export class RangesUnsupported extends WeighbridgeError {
  override readonly name = 'RangesUnsupported';
}

/** What upstream says about one object, pinned: every later read is bound to `version`. */
export interface SourceDescription {
  /** The canonical, pinned, redacted source URI: fit for records and logs. */
  readonly source: string;
  /** Bytes; undefined when upstream does not say. */
  readonly size: number | undefined;
  /** Strong ETag, commit, generation or mtime that identifies these bytes; undefined when there is none. */
  readonly version: string | undefined;
  /** 40-hex commit, asset id or the like, for the release record; undefined where there is none. */
  readonly revision: string | undefined;
  /** A digest that upstream publishes for exactly these bytes. */
  readonly sha256: Sha256 | undefined;
  /** Git blob SHA-1 (`sha1("blob {size}\0" + bytes)`), where that is all upstream has. */
  readonly gitBlobSha1?: string;
  readonly mediaType: string | undefined;
}

/** One upstream object at one version. */
export interface ResolvedSource {
  readonly description: SourceDescription;
  /** Can it be read by ranges, as far as is known? A read may still throw `RangesUnsupported`. */
  readonly ranges: boolean;
  /** Reading a prefix again costs next to nothing (a local file). */
  readonly cheapToReread: boolean;
  /**
   * Streams the bytes of `range`, or the whole object when it is undefined.
   * The stream ends after exactly `range` bytes, or throws: a shorter or longer body, another version,
   * an encoded body and a stall are all `SourceError`. `RangesUnsupported` is thrown before the first byte.
   * A piece holds only until the next is asked for, which may come in the same memory.
   */
  read(range: ByteRange | undefined, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Where upstream bytes come from. */
export interface Source {
  /** Redacted URI as the manifest has it. */
  readonly uri: string;
  /**
   * Asks upstream what the object is now, without reading it.
   * @throws SourceError when it is not there, not allowed, or not what a weights file can be.
   */
  resolve(signal: AbortSignal): Promise<ResolvedSource>;
}
