import { decodeTime } from 'ulid';
import { z } from 'zod';
import { Refused } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { StateStore } from '../state/state-store.ts';
import { parseDocument, updateDocument } from './attempt-records.ts';
import { Superseded } from './pipeline-failures.ts';

/** Seconds that an attempt's time may lie ahead: beyond, its publisher's clock would hold the version for ever. */
const ahead = 24 * 3600;

const placeSchema = z.object({
  format: z.literal(1),
  /** SHA-256 of the manifest that is to become this release. */
  manifest: z.string(),
  /** ULID: later attempts sort after earlier ones. */
  attempt: z.string(),
});
type PlaceDocument = z.infer<typeof placeSchema>;

/** One submission as a candidate for its release. */
export interface ReleaseCandidate {
  readonly manifest: Manifest;
  /** Lowercase hex. */
  readonly manifestSha256: string;
  /** ULID. */
  readonly attempt: string;
}

/**
 * Makes this submission the one that becomes the release, unless a later one with another manifest is there: of
 * manifests for one release the last submitted wins, in whatever order their executions start.
 * @throws Superseded when a later one is there; Refused when the attempt claims a time that has not come.
 */
export async function enterRelease(work: StateStore, candidate: ReleaseCandidate, now: Date): Promise<void> {
  const { attempt, manifestSha256 } = candidate;
  checkAttemptTime(attempt, now);
  const placed = await updateDocument(
    work,
    placeName(candidate),
    placeSchema,
    (present): PlaceDocument =>
      present !== undefined && present.attempt >= attempt ? present : { format: 1, manifest: manifestSha256, attempt },
  );
  checkPlace(placed, candidate);
}

/**
 * Later attempts win, so that one of the far future would win for ever.
 * @param attempt ULID
 * @throws Refused when it claims a time that has not come.
 */
export function checkAttemptTime(attempt: string, now: Date): void {
  if (timeOf(attempt) <= now.getTime() + ahead * 1000) return;
  throw new Refused('wrong-submission', `the attempt ${attempt} is of a time that has not come`, {
    hint: 'Set the clock of the machine that submits.',
  });
}

/** Milliseconds; of what is too large for a ULID, the end of time. */
function timeOf(attempt: string): number {
  return attempt.charAt(0) > '7' ? Number.POSITIVE_INFINITY : decodeTime(attempt);
}

/** @throws Superseded when a later submission of the release, with another manifest, came since. */
export async function checkStillFirst(work: StateStore, candidate: ReleaseCandidate): Promise<void> {
  const name = placeName(candidate);
  const found = await work.read(name);
  // It expires with the rest of the working state.
  if (found !== undefined) checkPlace(parseDocument(name, found, placeSchema), candidate);
}

function checkPlace(placed: PlaceDocument, { manifest, manifestSha256, attempt }: ReleaseCandidate): void {
  if (placed.manifest === manifestSha256 || placed.attempt <= attempt) return;
  throw new Superseded(`a later submission of ${manifest.collection}@${manifest.version} took the place of this one`, {
    hint: `It is attempt ${placed.attempt}.`,
  });
}

function placeName({ manifest: { access, collection, version } }: ReleaseCandidate): string {
  return `releases/${access}/${collection}/${version}.json`;
}
