import type { StageReport } from '../../core/stage/report.ts';
import { inboxDestination } from '../../core/submit/send-to-inbox.ts';
import type { LoadedManifest } from '../staging/load-manifest.ts';
import type { Submitting } from './submit-manifest.ts';
import type { AwaitedRun } from './wait-for-runs.ts';

/** The inbox did not have what this machine believes to have sent, so that the next submission sends it again. */
export async function forgetUnsent(
  { release, publisher }: AwaitedRun,
  report: StageReport,
  loaded: readonly LoadedManifest[],
  { inbox, state, sent }: Pick<Submitting, 'inbox' | 'state' | 'sent'>,
): Promise<void> {
  const manifest = loaded
    .map((one) => one.manifest)
    .find(({ collection, version }) => `${collection}@${version}` === release);
  for (const { sha256, attempts } of report.artifacts) {
    const lacked = attempts.some(({ source, outcome }) => source.startsWith('file:') && outcome !== 'ok');
    if (!lacked || sha256 === null || manifest === undefined) continue;
    await sent.forget(inboxDestination(inbox, state, publisher, manifest.access, sha256));
  }
}
