import type { Clock } from '../clock.ts';
import type { ReleaseArtifact } from '../registry/records.ts';
import { type Requests, sumOf } from '../stage/predict-requests.ts';
import type { ObjectStat } from '../stores/store.ts';
import { type ReplicatedDocument, replicatedName, replicatedSchema } from './attempt-documents.ts';
import type { AttemptRecords } from './attempt-records.ts';
import { toStat } from './earlier-copies.ts';
import type { ItemBefore } from './item-reporter.ts';
import type { CopyResults } from './replicate-pass.ts';

/** Seconds between two saves: what a killed function does again, for small artifacts. */
const pause = 3;

/** What came of one item of copies, saved while it is worked on; two passes at once add to one another. */
export class ReplicatedRecord implements CopyResults {
  readonly #records: AttemptRecords;
  readonly #item: number;
  readonly #clock: Clock;
  #document: ReplicatedDocument;
  #unsaved: Pick<ReplicatedDocument, 'copied' | 'failed'> = { copied: {}, failed: {} };
  #saving: Promise<void> = Promise.resolve();
  #savedAt: number;
  #ended = 0;

  private constructor(records: AttemptRecords, item: number, clock: Clock, document: ReplicatedDocument) {
    this.#records = records;
    this.#item = item;
    this.#clock = clock;
    this.#document = document;
    this.#savedAt = clock.now().getTime();
  }

  static async open(records: AttemptRecords, item: number, replica: string, clock: Clock): Promise<ReplicatedRecord> {
    const nothing = { format: 1 as const, replica, copied: {}, failed: {}, furthest: {}, requests: {} };
    const document = (await records.read(replicatedName(item), replicatedSchema)) ?? nothing;
    return new ReplicatedRecord(records, item, clock, document);
  }

  get before(): ItemBefore {
    const copied = Object.values(this.#document.copied);
    const failed = Object.keys(this.#document.failed).length;
    return { finished: copied.length + failed, failed, bytes: copied.reduce((sum, { stat }) => sum + stat.size, 0) };
  }

  isEnded(file: string): boolean {
    return Object.hasOwn(this.#document.copied, file) || Object.hasOwn(this.#document.failed, file);
  }

  copied({ file, sha256 }: ReleaseArtifact, stat: ObjectStat, bytes: number): void {
    this.#unsaved.copied[file] = { sha256, stat: toStat(stat), bytes };
    this.#count();
  }

  failed({ file }: ReleaseArtifact, reason: string): void {
    this.#unsaved.failed[file] = reason;
    this.#count();
  }

  /** Saves all. @returns whether the pass got further than all before it. @throws StoreError */
  async close(furthest: ReadonlyMap<string, number>, requests: Requests): Promise<boolean> {
    const earlier = this.#document.furthest;
    await this.#saving;
    await this.#save(furthest, requests);
    return this.#ended > 0 || [...furthest].some(([key, offset]) => offset > (earlier[key] ?? 0));
  }

  #count(): void {
    this.#ended += 1;
    if (this.#clock.now().getTime() - this.#savedAt < pause * 1000) return;
    this.#savedAt = this.#clock.now().getTime();
    // Trouble with the state store shows again when the pass is closed.
    this.#saving = this.#saving.then(() => this.#save(new Map())).catch(() => undefined);
  }

  async #save(furthest: ReadonlyMap<string, number>, requests: Requests = {}): Promise<void> {
    const { copied, failed } = this.#unsaved;
    this.#unsaved = { copied: {}, failed: {} };
    const nothing = this.#document;
    try {
      this.#document = await this.#records.update(
        replicatedName(this.#item),
        replicatedSchema,
        (present = nothing) => ({
          ...present,
          copied: { ...copied, ...present.copied },
          failed: withoutCopied({ ...failed, ...present.failed }, { ...copied, ...present.copied }),
          furthest: { ...present.furthest, ...maxima(furthest, present.furthest) },
          requests: sumOf([present.requests, requests]) as ReplicatedDocument['requests'],
        }),
      );
    } catch (error) {
      this.#unsaved = {
        copied: { ...copied, ...this.#unsaved.copied },
        failed: { ...failed, ...this.#unsaved.failed },
      };
      throw error;
    }
  }
}

function maxima(furthest: ReadonlyMap<string, number>, present: Readonly<Record<string, number>>) {
  return Object.fromEntries([...furthest].map(([key, offset]) => [key, Math.max(offset, present[key] ?? 0)]));
}

function withoutCopied(failed: Readonly<Record<string, string>>, copied: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(failed).filter(([file]) => !Object.hasOwn(copied, file)));
}
