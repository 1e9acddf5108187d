import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { liveFrame } from '../../../lib/cli/progress/live-frame.ts';
import { RunTally } from '../../../lib/cli/progress/run-tally.ts';

const mib = 2 ** 20;

function busyTally(artifacts: number): RunTally {
  const tally = new RunTally();
  tally.take({ type: 'run-started', job: 'stage', release: 'a@1.0.0', artifacts }, 0);
  tally.take({ type: 'planned', artifacts, bytes: artifacts * 100 * mib }, 0);
  tally.take({ type: 'phase', phase: 'transfer' }, 0);
  for (let index = 0; index < artifacts; index += 1) {
    const id = `model-${String(index).padStart(5, '0')}.safetensors`;
    tally.take({ type: 'artifact-started', id, bytes: 100 * mib, source: undefined }, 0);
    tally.take({ type: 'progress', id, done: 5 * mib, total: 100 * mib }, 1);
    tally.take({ type: 'progress', id, done: 50 * mib, total: 100 * mib }, 5);
  }
  return tally;
}

describe('the live display', () => {
  it('has a line per artifact and one in all, with bytes, rate and time left', () => {
    const frame = liveFrame(busyTally(2), { columns: 110, rows: 24, colour: false }, 5).split('\n');
    expect(frame).toHaveLength(3);
    expect(frame[0]).toMatch(
      /^ {2}model-00000\.safetensors +█{12}░{12} +50\.0 MiB \/ 100 MiB +10\.0 MiB\/s +5\.0 s left$/,
    );
    expect(frame[2]).toMatch(/^ {2}0\/2 transferring +█{12}░{12} +100 MiB \/ 200 MiB +20\.0 MiB\/s +5\.0 s left$/);
  });

  it('shows at most eight artifacts, and says how many more there are', () => {
    const frame = liveFrame(busyTally(20), { columns: 100, rows: 40, colour: false }, 5).split('\n');
    expect(frame).toHaveLength(8 + 2);
    expect(frame[8]).toContain('and 12 more');
    expect(liveFrame(busyTally(20), { columns: 100, rows: 6, colour: false }, 5).split('\n')).toHaveLength(3 + 2);
  });

  it('never makes a line that a terminal would wrap, and keeps the name and the bytes longest', () => {
    for (let columns = 5; columns <= 200; columns += 1) {
      for (const line of liveFrame(busyTally(9), { columns, rows: 24, colour: true }, 5).split('\n')) {
        expect([...stripVTControlCharacters(line)].length).toBeLessThan(columns);
      }
    }
    expect(liveFrame(busyTally(1), { columns: 50, rows: 24, colour: false }, 5)).toMatch(
      /00000\.safetensors +50\.0 MiB \/ 100 MiB/,
    );
  });

  it('uses escape sequences only with colour', () => {
    const size = { columns: 100, rows: 24 };
    const coloured = liveFrame(busyTally(2), { ...size, colour: true }, 5);
    const bare = liveFrame(busyTally(2), { ...size, colour: false }, 5);
    expect(coloured).not.toBe(bare);
    expect(stripVTControlCharacters(coloured)).toBe(bare);
    expect(stripVTControlCharacters(bare)).toBe(bare);
  });

  it('shows names with control characters harmlessly', () => {
    const tally = new RunTally();
    tally.take({ type: 'artifact-started', id: 'a\u001b[2J\n', bytes: 1, source: undefined }, 0);
    expect(liveFrame(tally, { columns: 100, rows: 24, colour: false }, 1)).toContain('a\\u001b[2J\\n');
  });
});
