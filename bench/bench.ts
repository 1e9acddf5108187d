/** What the command line of a bench may set; a bench has its own defaults. */
export interface BenchOptions {
  /** Bytes of one file. */
  readonly size: number | undefined;
  /** Files, where a bench has many. */
  readonly count: number | undefined;
  /** How often everything is run; the medians count. */
  readonly rounds: number | undefined;
}

/** A program that measures Weighbridge against a peer in the same run, and says how the target fares. */
export interface Bench {
  readonly summary: string;
  /** @throws PeersMissing, or an Error when any run fails or delivers wrong bytes. */
  run(options: BenchOptions, print: (line: string) => void): Promise<void>;
}
