import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const modulePath = join(import.meta.dirname, '../../lib/cli/collect-received.ts');

/**
 * MiB of buffers that lie around at most while 512 MiB come in pieces of 64 KiB, in a process of its own.
 * @param kept pieces that are needed at a time
 */
function mostBuffers(each: string, kept = 1): number {
  const program = `
    const { collectReceived } = await import(${JSON.stringify(modulePath)});
    const received = ${each};
    const needed = [];
    let most = 0;
    for (let count = 0; count < 8192; count += 1) {
      needed[count % ${kept}] = Buffer.allocUnsafeSlow(65536);
      received(65536);
      if (count % 16 === 0) {
        most = Math.max(most, process.memoryUsage().arrayBuffers);
        await new Promise(setImmediate);
      }
    }
    console.log(most / 2 ** 20);
  `;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }));
}

it('keeps received pieces from piling up, as they do without it', () => {
  expect(mostBuffers('collectReceived()')).toBeLessThan(24);
  expect(mostBuffers('() => {}')).toBeGreaterThan(32);
});

it('finds the pieces that became old while they were needed', () => {
  // 12 MiB of them are needed, so each waits through three collections.
  expect(mostBuffers('collectReceived()', 192)).toBeLessThan(48);
});
