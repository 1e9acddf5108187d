import type { Clock } from '../clock.ts';
import type { WeighbridgeError } from '../errors.ts';
import type { Requests } from '../stage/predict-requests.ts';
import { sumOf } from '../stage/predict-requests.ts';
import type { StagedArtifact } from '../stage/stage-artifact.ts';
import { type DoneDocument, doneName, doneSchema, nothingDone } from './attempt-documents.ts';
import type { AttemptRecords } from './attempt-records.ts';
import { type StagedDocument, toStagedDocument } from './staged-document.ts';

/** Seconds between two saves: what a killed function does again, for small artifacts. */
const pause = 3;

/** What a pass adds when it ends. */
export interface PassSummary {
  readonly spent: DoneDocument['spent'];
  /** Bytes by key of the object. */
  readonly furthest: ReadonlyMap<string, number>;
  /** Seconds that the next pass is put off, for an upstream. */
  readonly wait: number;
  /** Seconds that it is put off, for its turn. */
  readonly queue: number;
  readonly requests: Requests;
}

/**
 * What came of one item, saved while it is worked on. Two passes at once add to one another; of an artifact that both
 * ended, what was proven stays.
 */
export class DoneRecord {
  readonly #records: AttemptRecords;
  readonly #item: number;
  readonly #clock: Clock;
  #document: DoneDocument;
  #unsaved: StagedDocument[] = [];
  #saving: Promise<void> = Promise.resolve();
  #savedAt: number;

  private constructor(records: AttemptRecords, item: number, clock: Clock, document: DoneDocument) {
    this.#records = records;
    this.#item = item;
    this.#clock = clock;
    this.#document = document;
    this.#savedAt = clock.now().getTime();
  }

  static async open(records: AttemptRecords, item: number, clock: Clock): Promise<DoneRecord> {
    const document = (await records.read(doneName(item), doneSchema)) ?? nothingDone;
    return new DoneRecord(records, item, clock, document);
  }

  /** As it was saved last. */
  get document(): DoneDocument {
    return this.#document;
  }

  /** Takes the end of an artifact in; saved at once when the last save is a while ago. */
  add(staged: StagedArtifact): void {
    const document = toStagedDocument(staged);
    const before = this.#document.spent[staged.report.id];
    const { report } = document;
    this.#unsaved.push({
      ...document,
      report: {
        ...report,
        bytesFetched: report.bytesFetched + (before?.bytesFetched ?? 0),
        seconds: report.seconds + (before?.seconds ?? 0),
      },
    });
    if (this.#clock.now().getTime() - this.#savedAt >= pause * 1000) this.#saveSoon();
  }

  /** Saves all, and what the pass itself has to say. @throws StoreError */
  async close(summary: PassSummary): Promise<DoneDocument> {
    await this.#saving;
    await this.#save(summary);
    return this.#document;
  }

  #saveSoon(): void {
    this.#savedAt = this.#clock.now().getTime();
    // Trouble with the state store shows again when the pass is closed.
    this.#saving = this.#saving.then(() => this.#save()).catch(() => undefined);
  }

  async #save(summary?: PassSummary): Promise<void> {
    const added = [...this.#unsaved];
    if (added.length === 0 && summary === undefined) return;
    this.#document = await this.#records.update(doneName(this.#item), doneSchema, (present = nothingDone) =>
      merged(present, added, summary),
    );
    this.#unsaved = this.#unsaved.slice(added.length);
  }
}

/** Keeps why a pass failed, for the report: the state machine may not call another one. */
export async function keepPassFault(
  records: AttemptRecords,
  item: number,
  { name, message }: WeighbridgeError,
): Promise<void> {
  await records.update(doneName(item), doneSchema, (present = nothingDone) => ({
    ...present,
    fault: { code: name, message },
  }));
}

function merged(present: DoneDocument, added: readonly StagedDocument[], summary?: PassSummary): DoneDocument {
  const finished = new Map(present.finished.map((one) => [one.report.id, one]));
  for (const one of added) {
    if (finished.get(one.report.id)?.proven === undefined) finished.set(one.report.id, one);
  }
  const { fault: _, ...rest } = present;
  const whole = { ...rest, finished: [...finished.values()] };
  if (summary === undefined) return whole;
  const spent = { ...present.spent };
  for (const [id, { bytesFetched, seconds }] of Object.entries(summary.spent)) {
    const before = spent[id] ?? { bytesFetched: 0, seconds: 0 };
    spent[id] = { bytesFetched: before.bytesFetched + bytesFetched, seconds: before.seconds + seconds };
  }
  const furthest = { ...present.furthest };
  for (const [key, offset] of summary.furthest) furthest[key] = Math.max(offset, furthest[key] ?? 0);
  return {
    ...whole,
    spent,
    furthest,
    waited: present.waited + summary.wait,
    queued: present.queued + summary.queue,
    requests: sumOf([present.requests, summary.requests]) as DoneDocument['requests'],
  };
}
