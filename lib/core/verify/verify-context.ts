import type { Clock } from '../clock.ts';
import type { HashPool } from '../digest/hash-pool.ts';
import type { Reporter } from '../events.ts';
import type { MirrorReader } from '../mirror/mirror-reader.ts';
import type { StoredChecksum } from './compare-stored.ts';
import type { Finding, FindingKind } from './finding.ts';

/** What every step of a verification works with; findings gather here in the order in which they were made. */
export interface VerifyContext {
  readonly reader: MirrorReader;
  /** Compare sizes and stored tags only. */
  readonly quick: boolean;
  /** Files read at the same time. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly hashes: HashPool;
  readonly findings: Finding[];
  readonly notes: string[];
  /** Filled by a quick look: what the store keeps of each artifact, by key. */
  readonly checksums: Map<string, StoredChecksum>;
}

export interface FindingDetails {
  readonly release?: string;
  readonly expected?: string | number;
  readonly actual?: string | number;
}

export function addFinding(
  context: VerifyContext,
  kind: FindingKind,
  file: string,
  message: string,
  details: FindingDetails = {},
): void {
  context.findings.push({
    store: context.reader.url,
    release: details.release ?? null,
    file,
    kind,
    expected: details.expected ?? null,
    actual: details.actual ?? null,
    message,
  });
}
