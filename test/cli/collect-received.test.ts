import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const modulePath = join(import.meta.dirname, '../../lib/cli/collect-received.ts');

/** MiB of buffers that lie around at most while 512 MiB come in pieces of 64 KiB, in a process of its own. */
function mostBuffers(each: string): number {
  const program = `
    const { collectReceived } = await import(${JSON.stringify(modulePath)});
    const received = ${each};
    let most = 0;
    for (let count = 0; count < 8192; count += 1) {
      received(Buffer.allocUnsafeSlow(65536).byteLength);
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
