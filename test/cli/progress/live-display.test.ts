import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasProgram } from '../../support/has-program.ts';
import { screenAfter } from './screen.ts';

/** `script` of util-linux gives a program a real terminal. */
const hasTerminal = hasProgram('script', ['-qec', 'true', '/dev/null']);

function onTerminal(variables: Record<string, string>): string {
  const program = join(import.meta.dirname, 'live-program.ts');
  const command = `stty cols 100 rows 24; "${process.execPath}" "${program}"`;
  const { stdout, status } = spawnSync('script', ['-qec', command, '/dev/null'], {
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm-256color', ...variables },
  });
  expect(status, stdout).toBe(0);
  return stdout;
}

describe.skipIf(!hasTerminal)('the live display on a terminal', () => {
  it('leaves behind what was worth keeping, and nothing of itself', () => {
    const output = onTerminal({});
    expect(screenAfter(output)).toEqual([
      'a result',
      'two.bin: broken: https://a.example: reset',
      expect.stringMatching(/^the end/),
    ]);
  });

  it('shows a line for each artifact and one in all while it works', () => {
    const output = onTerminal({ NO_COLOR: '1' });
    const until = output.slice(0, output.lastIndexOf('two.bin'));
    const middle = screenAfter(until.slice(0, until.lastIndexOf('0/2 staging') + 100));
    expect(middle.some((line) => /^ {2}one\.bin .*[█░]+.*MiB \/ 100 MiB/.test(line))).toBe(true);
    expect(middle.some((line) => /^ {2}0\/2 staging .*MiB \/ 200 MiB/.test(line))).toBe(true);
    expect(output.split(String.fromCharCode(27)).filter((part) => /^\[\d*m/.test(part))).toEqual([]);
  });

  it('redraws no more than ten times a second, however many events there are', () => {
    const output = onTerminal({});
    const seconds = Number(/after (\S+) s/.exec(output)?.[1]);
    const frames = output.split('0/2 staging').length - 1;
    expect(frames).toBeGreaterThanOrEqual(2);
    expect(frames).toBeLessThanOrEqual(10 * seconds + 1);
  });
});
