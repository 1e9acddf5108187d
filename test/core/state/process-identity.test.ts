import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isProvenDead, processIdentity } from '../../../lib/core/state/process-identity.ts';

const me = processIdentity();

test('a process that lives is not dead', () => {
  expect(isProvenDead(me)).toBe(false);
  expect(isProvenDead({ ...me, processStart: undefined })).toBe(false);
});

test('a process that ended is dead', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const other = { host: me.host, pid: child.pid ?? 0, processStart: undefined };
  expect(isProvenDead(other)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isProvenDead(other)).toBe(true);
});

test.skipIf(process.platform !== 'linux')('a process whose number was given to another is dead', () => {
  expect(me.processStart).toMatch(/^\d+$/);
  expect(isProvenDead({ ...me, processStart: '1' })).toBe(true);
});

test.skipIf(process.platform !== 'linux')('a process that ended and was not asked how is dead', async () => {
  // The shell becomes a program that never waits for its child.
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  const other = { host: me.host, pid, processStart: undefined };
  for (let turn = 0; turn < 200 && !isProvenDead(other); turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(() => process.kill(pid, 0)).not.toThrow();
  expect(isProvenDead(other)).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
});

test('of a process on another host, or before another boot, nothing is proven', () => {
  expect(isProvenDead({ host: 'elsewhere/0', pid: 4_194_999, processStart: '1' })).toBe(false);
});
