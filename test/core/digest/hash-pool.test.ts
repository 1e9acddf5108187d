import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { HashPool } from '../../../lib/core/digest/hash-pool.ts';

const pool = new HashPool(2);
afterAll(() => pool.close());

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 31 + (at >> 8)) & 255));
const truth = createHash('sha256').update(bytes).digest('hex');

describe.each(['native', 'resumable'] as const)('a %s hash stream', (kind) => {
  it('hashes overlapping updates in call order', async () => {
    const stream = await pool.open({ kind });
    const updates = [bytes.subarray(0, 1_500_000), bytes.subarray(1_500_000, 1_500_001), bytes.subarray(1_500_001)];
    await Promise.all(updates.map((part) => stream.update(shared(part))));
    expect((await stream.digest()).hex).toBe(truth);
  });

  it('keeps streams apart', async () => {
    const streams = await Promise.all(Array.from({ length: 7 }, () => pool.open({ kind })));
    const digests = await Promise.all(
      streams.map(async (stream, index) => {
        await stream.update(Buffer.from(`stream ${index}`));
        return (await stream.digest()).hex;
      }),
    );
    expect(digests).toEqual(streams.map((_, i) => createHash('sha256').update(`stream ${i}`).digest('hex')));
  });

  it('hashes nothing to the digest of nothing', async () => {
    const stream = await pool.open({ kind });
    expect((await stream.digest()).hex).toBe(createHash('sha256').digest('hex'));
  });

  it('fails, and does not hang, once it is dropped', async () => {
    const stream = await pool.open({ kind });
    stream.drop();
    await expect(stream.update(Buffer.from('late'))).rejects.toThrow('no such hash stream');
  });
});

describe('a resumable hash stream', () => {
  it('continues in another worker from its saved state', async () => {
    const first = await pool.open({ kind: 'resumable' });
    await first.update(bytes.subarray(0, 1_234_567));
    const state = await first.save();
    first.drop();
    const other = new HashPool(1);
    const second = await other.open({ kind: 'resumable', state });
    await second.update(bytes.subarray(1_234_567));
    expect((await second.digest()).hex).toBe(truth);
    await other.close();
  });

  it('is the only kind whose state can be saved', async () => {
    const stream = await pool.open({ kind: 'native' });
    await expect(stream.save()).rejects.toThrow('no state');
    stream.drop();
  });
});

describe('closing the pool', () => {
  // The answer lies there when the worker is told to stop, and is taken while it stops.
  it('keeps the process alive until its threads have ended', () => {
    const pool = new URL('../../../lib/core/digest/hash-pool.ts', import.meta.url).href;
    const program = `(async () => {
      const { HashPool } = await import(${JSON.stringify(pool)});
      const pool = new HashPool(1);
      const stream = await pool.open({ kind: 'native' });
      stream.update(new Uint8Array(1000)).catch(() => undefined);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      await pool.close();
      console.log('closed');
    })()`;
    const { status, stdout } = spawnSync(process.execPath, ['--eval', program]);
    expect([status, stdout.toString()]).toEqual([0, 'closed\n']);
  });
});
