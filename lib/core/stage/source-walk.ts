import type { ArtifactSpec } from '../manifest/manifest.ts';
import { type RetryPolicy, retry } from '../retry.ts';
import { sentences } from '../sentences.ts';
import { RangesUnsupported, type ResolvedSource, type Source, SourceError } from '../sources/source.ts';
import type { AttemptReport } from './report.ts';
import type { StagePorts } from './stage-ports.ts';

/**
 * Goes through the sources of one artifact in the manifest's order, and remembers how each attempt ended.
 * What a source refuses does not end the walk; an interruption does.
 */
export class SourceWalk {
  readonly attempts: AttemptReport[] = [];
  private readonly spec: ArtifactSpec;
  private readonly ports: StagePorts;
  private readonly policy: RetryPolicy;
  private readonly sources: readonly Source[];
  private next = 0;
  private current: ResolvedSource | undefined;

  constructor(spec: ArtifactSpec, ports: StagePorts, policy: RetryPolicy) {
    this.spec = spec;
    this.ports = ports;
    this.policy = policy;
    this.sources = ports.openSources(spec);
  }

  /** Is there no source at all, neither in the manifest nor given for this run? */
  get isEmpty(): boolean {
    return this.sources.length === 0;
  }

  /** The source to read from now: the current one, or the next that resolves; undefined when all have failed. */
  async resolved(): Promise<ResolvedSource | undefined> {
    while (this.current === undefined && this.next < this.sources.length) {
      const source = this.sources[this.next] as Source;
      try {
        this.current = await retry(() => source.resolve(this.ports.signal), this.policy, {
          clock: this.ports.clock,
          signal: this.ports.signal,
          onRetry: ({ error, inSeconds }) =>
            this.ports.reporter.emit({ type: 'retry', id: this.spec.id, reason: error.message, inSeconds }),
        });
      } catch (error) {
        this.failed(error, source.uri);
      }
    }
    return this.current;
  }

  /** The current source did not deliver; the walk goes on to the next. Rethrows what is not the source's fault. */
  failed(error: unknown, uri = this.current?.description.source ?? ''): void {
    this.ports.signal.throwIfAborted();
    if (!(error instanceof SourceError || error instanceof RangesUnsupported)) throw error;
    const outcome = error instanceof SourceError ? error.outcome : 'broken';
    this.record({ source: uri, outcome, reason: sentences([error.message, error.hint]) });
    this.current = undefined;
    this.next += 1;
  }

  /** The current source delivered bytes that were proven. */
  succeeded(source: ResolvedSource): void {
    this.record({ source: source.description.source, outcome: 'ok', reason: '' });
  }

  /** Why nothing worked, for the report. */
  get reason(): string {
    const last = this.attempts.at(-1);
    if (last === undefined) return 'no source';
    return this.attempts.length === 1
      ? last.reason
      : `${this.attempts.length} sources failed; the last: ${last.reason}`;
  }

  private record(attempt: AttemptReport): void {
    this.attempts.push(attempt);
    this.ports.reporter.emit({ type: 'attempt', id: this.spec.id, ...attempt });
  }
}
