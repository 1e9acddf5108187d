import type { StageReport } from '../../core/stage/report.ts';
import type { StateStore } from '../../core/state/state-store.ts';
import type { Store } from '../../core/stores/store.ts';
import { inboxDestination } from '../../core/submit/send-to-inbox.ts';
import type { SentFiles } from '../../core/submit/sent-files.ts';

export interface SentMemory {
  /** The state bucket. */
  readonly bucket: Store;
  /** Of this machine. */
  readonly state: StateStore;
  readonly sent: SentFiles;
}

/** The inbox did not have what this machine believes to have sent, so that the next submission sends it again. */
export async function forgetUnsent(
  publisher: string,
  { artifacts }: Pick<StageReport, 'artifacts'>,
  { bucket, state, sent }: SentMemory,
): Promise<void> {
  for (const { sha256, attempts } of artifacts) {
    const lacked = attempts.some(({ source, outcome }) => source.startsWith('file:') && outcome !== 'ok');
    if (!lacked || sha256 === null) continue;
    // A report does not say which inbox it was; to forget too much costs one request.
    for (const access of ['public', 'private'] as const) {
      await sent.forget(inboxDestination(bucket, state, publisher, access, sha256));
    }
  }
}
