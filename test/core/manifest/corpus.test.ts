import { describe, expect, it } from 'vitest';
import { InvalidFile, type Problem } from '../../../lib/core/errors.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';
import { corpusFiles, expectedLines, shownProblem } from '../../corpus/corpus-files.ts';

function outcome(text: string): { valid: boolean; problems: readonly Problem[] } {
  try {
    return { valid: true, problems: parseManifest(text, { file: 'm.yaml' }).problems };
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    return { valid: false, problems: error.problems };
  }
}

describe('a manifest of the corpus that is wrong is refused, with the exact problems', () => {
  for (const { name, text } of corpusFiles('manifests', 'wrong')) {
    it(name, () => {
      const { valid, problems } = outcome(text);
      expect(problems.map(shownProblem)).toEqual(expectedLines(text));
      expect(valid).toBe(false);
      expect(JSON.stringify(problems)).not.toContain('SECRET');
    });
  }

  it('and they are many', () => {
    expect(corpusFiles('manifests', 'wrong').length).toBeGreaterThanOrEqual(70);
    for (const { name, text } of corpusFiles('manifests', 'wrong'))
      expect(expectedLines(text), name).not.toHaveLength(0);
  });
});

describe('a manifest of the corpus that is right is read, with the exact warnings', () => {
  for (const { name, text } of corpusFiles('manifests', 'good')) {
    it(name, () => {
      const { valid, problems } = outcome(text);
      expect(problems.map(shownProblem)).toEqual(expectedLines(text));
      expect(valid).toBe(true);
    });
  }
});
