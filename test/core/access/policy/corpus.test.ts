import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../../lib/core/access/policy/parse-policy.ts';
import { readAccessPolicy } from '../../../../lib/core/access/policy/read-access-policy.ts';
import { InvalidFile, type Problem } from '../../../../lib/core/errors.ts';
import { corpusFiles, expectedLines, shownProblem } from '../../../corpus/corpus-files.ts';

/** Tokens that end on the last day of May have expired then. */
const now = new Date('2026-06-01T12:00:00Z');

function outcome(text: string): { valid: boolean; problems: readonly Problem[] } {
  try {
    const { policy, problems } = parsePolicy(text, { file: 'access.yaml', now });
    expect(readAccessPolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
    return { valid: true, problems };
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    return { valid: false, problems: error.problems };
  }
}

describe('an access policy of the corpus that is wrong is refused, with the exact problems', () => {
  const files = corpusFiles('policies', 'wrong');
  for (const { name, text } of files) {
    it(name, () => {
      const { valid, problems } = outcome(text);
      expect(problems.map(shownProblem)).toEqual(expectedLines(text));
      expect(valid).toBe(false);
      expect(JSON.stringify(problems)).not.toContain('SECRET');
    });
  }

  it('and they are many', () => {
    expect(files.length).toBeGreaterThanOrEqual(120);
    for (const { name, text } of files) expect(expectedLines(text), name).not.toHaveLength(0);
  });
});

describe('an access policy of the corpus that is right is read, with the exact warnings, and the cloud reads it too', () => {
  for (const { name, text } of corpusFiles('policies', 'good')) {
    it(name, () => {
      const { valid, problems } = outcome(text);
      expect(problems.map(shownProblem)).toEqual(expectedLines(text));
      expect(valid).toBe(true);
    });
  }
});

describe('the example of an access policy', () => {
  it('is right, and nothing about it needs to be said', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../../examples/access.yaml'), 'utf8');
    expect(outcome(text)).toEqual({ valid: true, problems: [] });
  });
});
