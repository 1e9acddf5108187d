import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { WeighbridgeError } from '../errors.ts';
import type { S3Bucket, SendOptions } from './s3-bucket.ts';
import { S3Fault } from './s3-fault.ts';

/** What one look at the settings found; a run goes on whatever it is. */
export async function checkBucket(bucket: S3Bucket): Promise<readonly string[]> {
  const found = [await versioning(bucket), await retention(bucket), clockSkew(bucket)];
  return found.filter((sentence) => sentence !== undefined);
}

async function versioning(bucket: S3Bucket): Promise<string | undefined> {
  const { url } = bucket.options;
  const consequence = 'objects.json has no versions, and URLs are not pinned to one';
  const command = new GetBucketVersioningCommand(bucket.whole());
  const read = await setting(bucket, 's3:GetBucketVersioning', (options) => bucket.client.send(command, options));
  if ('unreadable' in read) return `whether ${url} keeps versions cannot be read (${read.unreadable}).`;
  const { Status } = read.answer ?? {};
  if (Status === 'Enabled') return undefined;
  return `versioning of ${url} is ${Status === 'Suspended' ? 'suspended' : 'off'}: ${consequence}.`;
}

async function retention(bucket: S3Bucket): Promise<string | undefined> {
  const { url } = bucket.options;
  const command = new GetObjectLockConfigurationCommand(bucket.whole());
  const action = 's3:GetBucketObjectLockConfiguration';
  const read = await setting(bucket, action, (options) => bucket.client.send(command, options), [
    'ObjectLockConfigurationNotFoundError',
    'NoSuchObjectLockConfiguration',
  ]);
  if ('unreadable' in read) return `whether ${url} locks new objects cannot be read (${read.unreadable}).`;
  const rule = read.answer?.ObjectLockConfiguration?.Rule?.DefaultRetention;
  if (rule === undefined) return undefined;
  const [count, unit] = rule.Days === undefined ? [rule.Years, 'year'] : [rule.Days, 'day'];
  const time = `${count} ${unit}${count === 1 ? '' : 's'}`;
  const mode = rule.Mode?.toLowerCase() ?? 'a';
  return `new objects of ${url} are locked for ${time} in ${mode} mode: every version of registry.json, too, stays and is billed for that long.`;
}

/** S3 refuses more than 15 minutes; a third of that is worth a word. */
function clockSkew(bucket: S3Bucket): string | undefined {
  const ahead = bucket.serverClock.ahead;
  if (ahead === undefined || Math.abs(ahead) < 300_000) return undefined;
  const minutes = Math.round(Math.abs(ahead) / 60_000);
  return `the clock of this machine is ${minutes} minutes ${ahead > 0 ? 'slow' : 'fast'} against ${bucket.options.url}.`;
}

type Read<T> = { readonly answer: T | undefined } | { readonly unreadable: string };

/** A bucket that is missing or elsewhere is an error still: only this one setting may be out of reach. */
async function setting<T>(
  bucket: S3Bucket,
  action: string,
  run: (options: SendOptions) => Promise<T>,
  unset: readonly string[] = [],
): Promise<Read<T>> {
  const refused = ['AccessDenied', 'NotImplemented', 'MethodNotAllowed', 'XNotImplemented', '403', '501'];
  try {
    const answer = await bucket.ask({ kind: 'get', action, expects: [...unset, ...refused] }, run);
    if (!(answer instanceof S3Fault)) return { answer };
    return answer.is(...unset) ? { answer: undefined } : { unreadable: `${action}: ${answer.code}` };
  } catch (error) {
    // Servers that are not Amazon's answer what they do not know in many ways.
    if (error instanceof WeighbridgeError && error.evidence.status === 501) return { unreadable: `${action}: 501` };
    throw error;
  }
}
