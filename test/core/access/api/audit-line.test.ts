import { describe, expect, test } from 'vitest';
import type { AccessDecision } from '../../../../lib/core/access/access-ports.ts';
import { auditLine } from '../../../../lib/core/access/api/audit-line.ts';

const decision: AccessDecision = {
  time: new Date('2026-05-04T03:02:01.500Z'),
  request: 'request-1',
  who: 'oidc ci repo:org/name',
  action: 'url',
  collection: 'weights',
  version: '1.0.0',
  file: 'sub/ünï "quoted".bin',
  outcome: 'allowed',
  rule: 'farm',
  reason: 'signed',
  lifetime: 900,
};

describe('the line of a decision', () => {
  test('is JSON that says all of it', () => {
    expect(JSON.parse(auditLine(decision))).toEqual({ type: 'access', ...decision, time: '2026-05-04T03:02:01.500Z' });
    const many = { ...decision, file: null, files: 12 };
    expect(JSON.parse(auditLine(many))).toMatchObject({ file: null, files: 12 });
  });

  test('names the files of which URLs were given, as many as a log takes', () => {
    const names = Array.from({ length: 1000 }, (_, number) => `${'x'.repeat(95)}${String(number).padStart(5, '0')}`);
    const line = auditLine({ ...decision, file: null, files: names.length, names });
    expect(JSON.parse(line)).toMatchObject({ files: 1000, names: names.slice(0, 327) });
    expect(JSON.parse(line).names).toHaveLength(327);
    expect(line.length).toBeLessThan(64 << 10);
  });

  test('is one line of printable ASCII, whatever is in it', () => {
    const hostile = '\n{"type":"access","outcome":"allowed"}\r\u001b[2J\u2028\u202e\u007f\u0085\ud800 🙂';
    const line = auditLine({ ...decision, who: hostile, reason: hostile, file: hostile });
    expect(line).toMatch(/^\{"type":"access",[\x20-\x7e]*\}$/);
    expect(JSON.parse(line)).toMatchObject({ who: hostile, reason: hostile, file: hostile });
  });

  test('holds what a decision has and nothing that an object might carry besides', () => {
    const careless = { ...decision, url: 'https://store.example/?signature=1', token: 'secret' };
    expect(auditLine(careless)).not.toMatch(/signature|secret/);
  });
});
