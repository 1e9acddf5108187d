import type { GcsSettings } from '../../lib/contract/cloud/cloud-configuration.ts';

/**
 * A token in plain text would be everybody's on the way: a server without TLS gets one only from a token service of its
 * own, never one of Google's.
 */
export function mayTakeTokens({ endpoint, tokenEndpoint }: GcsSettings): boolean {
  return endpoint === undefined || new URL(endpoint).protocol === 'https:' || tokenEndpoint !== undefined;
}
