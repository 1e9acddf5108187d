/**
 * Keys of the state bucket, which is private and whose objects expire. What a publisher may write or read is told from
 * its name in the key, never from what an object says.
 */

/** One execution of one run by one publisher. */
export interface AttemptPlace {
  readonly publisher: string;
  /** Hash of manifest bytes and store URL: 32 hex digits. */
  readonly run: string;
  /** ULID. */
  readonly attempt: string;
}

/** Objects here start the pipeline. */
export const submissionsPrefix = 'submissions/';
export const inboxPrefix = 'inbox/';
export const reportsPrefix = 'reports/';
/** Where the working state of runs lies: checkpoints, leases, items, results. Of the pipeline alone. */
export const workPrefix = 'working/';
/** Where Step Functions writes what became of the items. */
export const mapResultsPrefix = 'map-results/';

/** The access policy that holds: written by the pipeline alone, read by the access API. It does not expire. */
export const policyPrefix = 'policy/';
export const policyKey = `${policyPrefix}current.json`;

export function submissionKey({ publisher, run, attempt }: AttemptPlace): string {
  return `${submissionsPrefix}${publisher}/${run}/${attempt}.json`;
}

/** Undefined when it is no key of a submission. */
export function parseSubmissionKey(key: string): AttemptPlace | undefined {
  const [, publisher, run, attempt] =
    /^submissions\/([a-z0-9][a-z0-9-]{0,30})\/([0-9a-f]{32})\/([0-9A-HJKMNP-TV-Z]{26})\.json$/.exec(key) ?? [];
  return publisher === undefined || run === undefined || attempt === undefined
    ? undefined
    : { publisher, run, attempt };
}

/** Where bytes of `file:` sources are sent before their manifest. */
export function inboxKey(publisher: string, access: 'public' | 'private', sha256: string): string {
  return `${inboxPrefix}${publisher}/${access}/sha256/${sha256}`;
}

export function reportKey({ publisher, run, attempt }: AttemptPlace): string {
  return `${reportsPrefix}${publisher}/${run}/${attempt}/report.json`;
}

/** What `submit --wait` shows. It names no secret, no session. */
export function progressKey({ publisher, run, attempt }: AttemptPlace): string {
  return `${reportsPrefix}${publisher}/${run}/${attempt}/progress.json`;
}

/** Names below `working/`, as the state store takes them. */
export function attemptPrefix({ run, attempt }: AttemptPlace): string {
  return `runs/${run}/${attempt}/`;
}

/** The lines that the Distributed Map reads: of the transfers, or of the copies to replicas. */
export function itemsName(place: AttemptPlace, of: 'transfer' | 'replicate'): string {
  return `${attemptPrefix(place)}${of}.jsonl`;
}
