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

test('of a process on another host, or before another boot, nothing is proven', () => {
  expect(isProvenDead({ host: 'elsewhere/0', pid: 4_194_999, processStart: '1' })).toBe(false);
});
