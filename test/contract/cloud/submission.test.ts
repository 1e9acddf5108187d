import { describe, expect, it } from 'vitest';
import { submissionSchema } from '../../../lib/contract/cloud/submission.ts';

const submission = {
  format: 1,
  kind: 'manifest',
  file: 'manifests/m/1.0.0.yaml',
  content: 'YQ==',
  submittedAt: '2026-01-01T00:00:00.000Z',
  weighbridge: '1.0.0',
};

function isTaken(more: object): boolean {
  return submissionSchema.safeParse({ ...submission, ...more }).success;
}

describe('a submission', () => {
  it('names its repository by an address without credentials, which stands in public records', () => {
    for (const repository of ['https://example.org/models', 'https://example.org:8443/a/b', 'example/models']) {
      expect(isTaken({ repository }), repository).toBe(true);
    }
    for (const repository of [
      'https://ci:token@example.org/models',
      'https://token@example.org/models',
      'https://example.org/models?token=secret',
      'ci:token@example.org/models',
    ]) {
      expect(isTaken({ repository }), repository).toBe(false);
    }
  });

  it('holds nothing that a terminal obeys', () => {
    expect(isTaken({ file: 'ångström/模型.yaml' })).toBe(true);
    for (const file of ['m\u001b[2J.yaml', 'm\n.yaml', 'm\u202eyaml', 'm\u0007']) {
      expect(isTaken({ file }), JSON.stringify(file)).toBe(false);
    }
    expect(isTaken({ weighbridge: '\u001b[31m' })).toBe(false);
  });
});
