import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { HashState, HashStates } from '../stage/hash-object.ts';
import type { StateStore } from '../state/state-store.ts';
import type { ObjectStat } from '../stores/store.ts';
import { hashingPrefix } from './watched-work.ts';

const keptSchema = z.object({
  format: z.literal(1),
  key: z.string(),
  etag: z.string(),
  version: z.string().optional(),
  offset: z.number().int().nonnegative(),
  /** Base64. */
  state: z.string(),
});

/**
 * Hashes of objects that take longer to read than one pass has time. Whoever reads the same object at the same time
 * keeps the state that is farther.
 */
export class KeptHashes implements HashStates {
  readonly every: number;
  readonly #work: StateStore;

  /** @param every Bytes: what the next pass reads again at most, a few seconds' worth. */
  constructor(work: StateStore, every: number = 256 * 2 ** 20) {
    this.#work = work;
    this.every = every;
  }

  async load(stat: ObjectStat): Promise<HashState | undefined> {
    const kept = parse((await this.#work.read(nameOf(stat)))?.text);
    if (kept === undefined || kept.key !== stat.key || kept.offset > stat.size) return undefined;
    return { offset: kept.offset, state: Buffer.from(kept.state, 'base64') };
  }

  async save(stat: ObjectStat, { offset, state }: HashState): Promise<void> {
    const { key, etag, version } = stat;
    const found = await this.#work.read(nameOf(stat));
    if ((parse(found?.text)?.offset ?? 0) >= offset) return;
    const document = { format: 1, key, etag, version, offset, state: Buffer.from(state).toString('base64') };
    const condition = found === undefined ? ({ ifAbsent: true } as const) : { ifMatch: found.tag };
    await this.#work.write(nameOf(stat), JSON.stringify(document), condition);
  }

  async clear(stat: ObjectStat): Promise<void> {
    await this.#work.remove(nameOf(stat));
  }
}

/** Of one object as it is: another under its key has another name. */
function nameOf({ key, etag, version, size }: ObjectStat): string {
  const object = [key, etag, version ?? '', size].join('\n');
  return `${hashingPrefix}${createHash('sha256').update(object).digest('hex')}.json`;
}

function parse(text: string | undefined): z.infer<typeof keptSchema> | undefined {
  if (text === undefined) return undefined;
  try {
    return keptSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
