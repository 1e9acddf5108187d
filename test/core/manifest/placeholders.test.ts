import { describe, expect, it } from 'vitest';
import { findPlaceholder, isPlaceholder, isPlaceholderDigest } from '../../../lib/core/manifest/placeholders.ts';

describe('placeholders', () => {
  it('are told from values', () => {
    const templates = [
      'https://github.com/YOUR_USERNAME/x',
      'MISSING',
      'vae.MISSING',
      '<to_be_calculated>',
      'hf://your-org/x@main/y',
      'PLACEHOLDER_SHA',
      'mock_hef',
      'https://{{host}}/x',
      `$${'{BASE}'}/x`,
      'hf://o/r@<commit>/x',
      'CHANGE_ME',
      'YOUR_BUCKET_NAME',
    ];
    for (const text of templates) expect(isPlaceholder(text), text).toBe(true);
    const values = [
      'https://example.org/missing_modality.ckpt',
      'hf://yours/x@main/y',
      'DISMISSING',
      'placeholders.png',
      'MISSINGNO.bin',
      'x<y',
    ];
    for (const text of values) expect(isPlaceholder(text), text).toBe(false);
  });

  it('say which text gave them away', () => {
    expect(findPlaceholder('https://github.com/YOUR_USERNAME/x')).toBe('YOUR_USERNAME');
    expect(findPlaceholder('https://acme.example/x', ['', 'acme'])).toBe('acme');
    expect(findPlaceholder('https://acme.example/x', [''])).toBeUndefined();
  });

  it('in the place of a digest are words too', () => {
    for (const text of ['', 'pending', 'TBD', 'unknown', '?', '○ pending', '0'.repeat(64), 'to be calculated', 'xxx']) {
      expect(isPlaceholderDigest(text), text).toBe(true);
    }
    for (const text of ['ab'.repeat(32), 'abc', 'deadbeef']) expect(isPlaceholderDigest(text), text).toBe(false);
  });
});
