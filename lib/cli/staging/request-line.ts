import type { StageReport, StoreReport } from '../../core/stage/report.ts';
import type { RequestKind } from '../../core/stores/store.ts';

/** As S3 and GCS charge: listing costs what writing costs, and what removes costs nothing. */
const charged: Readonly<Record<RequestKind, 'writes' | 'reads' | 'free'>> = {
  put: 'writes',
  part: 'writes',
  complete: 'writes',
  copy: 'writes',
  list: 'writes',
  head: 'reads',
  get: 'reads',
  abort: 'free',
  delete: 'free',
};

/** How many requests the run made of buckets, by what they cost; undefined where of none. Kinds are in the report. */
export function requestLine({ stores, workingState }: StageReport): string | undefined {
  const places = stores.map(({ store, requests }) => ({ name: store, requests }));
  if (workingState !== undefined) {
    places.push({ name: `state ${workingState.location}`, requests: workingState.requests });
  }
  const said = places
    .filter(({ name }) => /^(?:state )?(?:s3|gs):/.test(name))
    .map(({ name, requests }) => ({ name, writes: sum(requests, 'writes'), reads: sum(requests, 'reads') }))
    .filter(({ writes, reads }) => writes + reads > 0)
    .map(({ name, writes, reads }) => `${name} ${count(writes, 'write')}, ${count(reads, 'read')}`);
  return said.length === 0 ? undefined : `requests: ${said.join('; ')}`;
}

function sum(requests: StoreReport['requests'], wanted: 'writes' | 'reads'): number {
  const kinds = Object.keys(charged) as RequestKind[];
  return kinds.reduce((total, kind) => total + (charged[kind] === wanted ? (requests[kind] ?? 0) : 0), 0);
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}
