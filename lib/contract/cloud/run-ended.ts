import type { ReportOutput } from './payloads.ts';

/**
 * `detail` of the event that the end of a run puts on the default bus: names, ids and numbers, which rules may write into
 * messages without escaping. The reasons are in the report.
 */
export interface RunEnded extends ReportOutput {
  /** `cloud.name`. */
  readonly deployment: string;
  /** What was submitted: `collection@version`, `the access policy`, or `an unreadable submission`. */
  readonly what: string;
  /** Absent where the submission could not be read, or is the access policy. */
  readonly collection?: string | undefined;
  readonly version?: string | undefined;
  readonly bytesMoved: number;
  readonly artifactsFailed: number;
  /** Of the whole run. */
  readonly seconds: number;
  /** Where the whole report is. */
  readonly report: { readonly bucket: string; readonly key: string };
}
