import type { RequestKind } from './store.ts';

/** Counts a store's requests by kind. */
export class RequestCounter {
  readonly counts: Partial<Record<RequestKind, number>> = {};

  add(kind: RequestKind): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}
