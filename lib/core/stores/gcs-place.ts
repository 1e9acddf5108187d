import type { GcsSettings } from './bucket-access.ts';
import type { GcsChannel } from './gcs-channel.ts';
import { unexpected } from './gcs-errors.ts';
import { type GcsObject, objectFields, parseObject, statOf } from './gcs-object.ts';
import type { PutResult } from './store.ts';

/** Where in which bucket a store's keys lie. */
export interface GcsPlace {
  /** The store URL as the user wrote it. */
  readonly url: string;
  readonly channel: GcsChannel;
  /** Empty, or `path/`: what every object name begins with. */
  readonly prefix: string;
  readonly settings: GcsSettings;
}

export interface LookOptions {
  readonly signal?: AbortSignal;
  readonly generation?: string;
}

/** What is under a key now, or was under it as one generation; undefined when nothing is. */
export async function lookAt(
  { channel, prefix }: GcsPlace,
  key: string,
  { signal, generation }: LookOptions = {},
): Promise<GcsObject | undefined> {
  const request = {
    kind: 'head',
    doing: `looking at ${key}`,
    method: 'GET',
    at: channel.objectPath(prefix + key),
    query: { fields: objectFields, generation },
    signal,
  } as const;
  const reply = await channel.send(request);
  if (reply.status === 404) return undefined;
  const object = reply.status === 200 ? parseObject(reply.json()) : undefined;
  if (object === undefined) throw unexpected(reply, channel.context(request));
  return object;
}

/** What a lost condition means: somebody else's object, or our own write whose answer was lost. */
export function foundInstead(found: GcsObject | undefined, key: string, mark: string): PutResult {
  const stat = found === undefined ? undefined : statOf(found, key);
  if (stat !== undefined && found?.mark === mark) return { outcome: 'created', stat };
  return { outcome: 'exists', stat };
}

/** Removes exactly one generation; one that is gone already is fine. */
export async function removeGeneration({ channel, prefix }: GcsPlace, key: string, generation: string): Promise<void> {
  await channel.send({
    kind: 'delete',
    doing: `removing ${key}`,
    method: 'DELETE',
    at: channel.objectPath(prefix + key),
    query: { generation, ifGenerationMatch: generation },
  });
}
