import { type StatusPage, statusPageSchema } from '../../contract/cloud/status-page.ts';
import { statusKey } from '../../contract/keys.ts';
import type { Clock } from '../clock.ts';
import type { Access } from '../manifest/manifest.ts';
import { briefly } from '../registry/cache-control.ts';
import type { Store } from '../stores/store.ts';

const limit = 1 << 20;
const runsShown = 50;
/** Swaps that others may win before a run is left out of the page. */
const tries = 8;

/** How a run ended, for the public. */
export type EndedForPublic = StatusPage['runs'][number] & { readonly access: Access };

/** Adds a run to the public page. @throws StoreError, NotAuthorised */
export async function tellPublic(store: Store, run: EndedForPublic, clock: Clock): Promise<void> {
  for (let round = 0; round < tries; round += 1) {
    const found = await store.get(statusKey, limit);
    const present = found && statusPageSchema.safeParse(parse(found.bytes)).data;
    const page = withRun(present ?? empty, run, clock.now().toISOString());
    const condition = found === undefined ? ({ ifAbsent: true } as const) : { ifMatch: found.stat.etag };
    const attributes = { contentType: 'application/json', cacheControl: briefly };
    const put = await store.put(statusKey, Buffer.from(JSON.stringify(page)), condition, attributes);
    if (put.outcome === 'created') return;
    await clock.sleep(Math.random() * 0.1 * 2 ** round);
  }
}

const empty: StatusPage = { format: 1, updatedAt: '', runs: [], private: { ok: 0, failed: 0 } };

function withRun(page: StatusPage, { access, ...run }: EndedForPublic, updatedAt: string): StatusPage {
  if (access === 'private') {
    const { ok, failed } = page.private;
    return { ...page, updatedAt, private: run.ok ? { ok: ok + 1, failed } : { ok, failed: failed + 1 } };
  }
  const others = page.runs.filter(({ attempt }) => attempt !== run.attempt);
  return { ...page, updatedAt, runs: [run, ...others].slice(0, runsShown) };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
