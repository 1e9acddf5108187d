import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { parseSource } from '../sources/parse-source.ts';
import type { SourceRef } from '../sources/source-ref.ts';
import { type Lease, type LeaseOwner, tryLease } from '../state/lease.ts';
import type { StateStore } from '../state/state-store.ts';

/**
 * The upstream that a source is read from: passes of all runs share its slots. Undefined where nothing is fetched from
 * outside, as of bytes that were sent ahead.
 */
export function upstreamOf(source: string): string | undefined {
  const ref = parseSource(source);
  return 'scheme' in ref ? upstreamOfRef(ref) : undefined;
}

function upstreamOfRef(ref: SourceRef): string | undefined {
  switch (ref.scheme) {
    case 'https':
      return ref.url.host;
    case 'hf':
      return 'huggingface.co';
    case 'github':
      return 'github.com';
    case 's3':
    case 'gs':
      return `${ref.scheme}:${ref.bucket}`;
    case 'file':
    case 'placeholder':
      return undefined;
  }
}

/**
 * One of the slots of an upstream, or undefined while all are taken. A slot whose holder died is free again when its
 * lease has run out; the same owner gets its own back at once.
 */
export async function takeSlot(
  work: StateStore,
  upstream: string,
  { slots, owner, clock }: { readonly slots: number; readonly owner: LeaseOwner; readonly clock: Clock },
): Promise<Lease | undefined> {
  // Not all begin at the first one: they would meet there, while others are free.
  const first = createHash('sha256').update(owner.attempt).digest().readUInt32BE(0);
  for (let index = 0; index < slots; index += 1) {
    const lease = await tryLease(work, { key: `slots/${upstream}/${(first + index) % slots}`, owner, clock });
    if (lease !== undefined) return lease;
  }
  return undefined;
}
