import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AccessDecision } from '../../../../lib/core/access/access-ports.ts';
import { auditLine } from '../../../../lib/core/access/api/audit-line.ts';
import { openAuditFile } from '../../../../lib/core/access/local/audit-file.ts';
import { AuditUnavailable } from '../../../../lib/core/errors.ts';

const decision: AccessDecision = {
  time: new Date('2026-05-04T03:02:01.500Z'),
  request: 'request-1',
  who: 'token farm',
  action: 'url',
  collection: 'weights',
  version: '1.0.0',
  file: 'model.bin',
  outcome: 'allowed',
  rule: 'farm',
  reason: 'signed',
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-audit-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('goes on where an earlier one ended, and is for its owner alone', async () => {
  const path = join(folder, 'decisions.jsonl');
  for (let round = 0; round < 2; round += 1) {
    const file = await openAuditFile(path, (error) => expect.fail(error.message));
    file.record(decision);
    await file.close();
  }
  expect(await readFile(path, 'utf8')).toBe(`${auditLine(decision)}\n`.repeat(2));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it.runIf(process.platform === 'linux')('lets nothing be decided that it cannot take', async () => {
  const told = Promise.withResolvers<string>();
  const file = await openAuditFile('/dev/full', ({ message }) => told.resolve(message));
  file.record(decision);
  expect(await told.promise).toMatch(/ENOSPC/);
  expect(() => file.record(decision)).toThrow(AuditUnavailable);
  await file.close();
});
