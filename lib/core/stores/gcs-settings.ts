import { NotAuthorised } from '../errors.ts';
import type { GcsReply } from './gcs-channel.ts';
import { bucketMissing } from './gcs-errors.ts';
import type { GcsPlace } from './gcs-place.ts';
import { StoreError } from './store.ts';

interface BucketSettings {
  readonly versioning?: { readonly enabled?: boolean };
  readonly retentionPolicy?: { readonly retentionPeriod?: string };
  readonly softDeletePolicy?: { readonly retentionDurationSeconds?: string };
}

/** One sentence for each bucket setting that is not as a mirror wants it. */
export async function checkBucketSettings({ channel }: GcsPlace): Promise<readonly string[]> {
  const { bucket } = channel;
  const doing = `looking at the settings of ${bucket}`;
  let reply: GcsReply;
  try {
    reply = await channel.send({
      kind: 'head',
      doing,
      method: 'GET',
      at: `/storage/v1/b/${encodeURIComponent(bucket)}`,
      query: { fields: 'versioning,retentionPolicy,softDeletePolicy' },
    });
  } catch (error) {
    const unreadable = error instanceof NotAuthorised || (error instanceof StoreError && error.evidence.status === 501);
    if (unreadable) return [unread(bucket, 'storage.buckets.get is not granted')];
    throw error;
  }
  if (reply.status === 404) throw bucketMissing(bucket, doing);
  if (reply.status !== 200) return [unread(bucket, `HTTP ${reply.status}`)];
  return sentences(bucket, reply.json() as BucketSettings);
}

function sentences(bucket: string, settings: BucketSettings): readonly string[] {
  const found: string[] = [];
  if (settings.versioning?.enabled !== true) {
    found.push(
      `gs://${bucket} keeps no old versions (object versioning is off), so what somebody removes there is gone.`,
    );
  }
  const retention = Number(settings.retentionPolicy?.retentionPeriod ?? 0);
  if (retention > 0) {
    found.push(
      `gs://${bucket} has a retention policy of ${days(retention)}: registry.json cannot be replaced before that, and publishing will fail.`,
    );
  }
  const soft = Number(settings.softDeletePolicy?.retentionDurationSeconds ?? 0);
  if (soft > 0) {
    found.push(`gs://${bucket} keeps what is deleted or replaced for ${days(soft)} (soft delete), and bills it.`);
  }
  return found;
}

function unread(bucket: string, why: string): string {
  return `The settings of gs://${bucket} cannot be read (${why}): whether it keeps old versions is not known.`;
}

function days(seconds: number): string {
  const count = Math.round((seconds / 86_400) * 10) / 10;
  return count >= 1 ? `${count} ${count === 1 ? 'day' : 'days'}` : `${seconds} seconds`;
}
