import type { ByteRange } from '../../lib/core/byte-range.ts';
import { RangesUnsupported, type ResolvedSource, SourceError } from '../../lib/core/sources/source.ts';

export interface ScriptedSource extends ResolvedSource {
  /** Every range that was asked for, in order; undefined for the whole object. */
  readonly reads: (ByteRange | undefined)[];
  /** Bytes handed out. */
  served(): number;
}

export interface Script {
  readonly bytes: Uint8Array;
  readonly version?: string;
  readonly name?: string;
  readonly ranges?: boolean;
  /** Called before each chunk with the offset it starts at; may throw or wait. */
  readonly before?: (offset: number, read: number) => void | Promise<void>;
  /** Ranges are refused when they are asked for. */
  readonly refusesRanges?: boolean;
  readonly chunk?: number;
}

/** A source in memory that does exactly what its script says. */
export function scriptedSource(script: Script): ScriptedSource {
  const { bytes, name = 'https://upstream.example/weights.bin', version = '"v1"', chunk = 64 * 1024 } = script;
  const reads: (ByteRange | undefined)[] = [];
  let served = 0;
  return {
    description: {
      source: name,
      size: bytes.length,
      version,
      revision: undefined,
      sha256: undefined,
      mediaType: undefined,
    },
    ranges: script.ranges ?? true,
    cheapToReread: false,
    reads,
    served: () => served,
    async *read(range, signal) {
      const number = reads.push(range);
      if (range !== undefined && script.refusesRanges) throw new RangesUnsupported('whole bodies only');
      const { start, end } = range ?? { start: 0, end: bytes.length };
      for (let at = start; at < end; at += chunk) {
        await script.before?.(at, number);
        signal.throwIfAborted();
        const piece = bytes.subarray(at, Math.min(end, at + chunk));
        served += piece.length;
        yield piece;
      }
    },
  };
}

/** A connection that breaks; another try may help. */
export function cutOff(): SourceError {
  return new SourceError('broken', 'the connection was reset', { retryable: true });
}
