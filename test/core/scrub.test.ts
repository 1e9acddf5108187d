import { describe, expect, it } from 'vitest';
import { hideSecrets, hideUrlSecrets } from '../../lib/core/scrub.ts';

describe('hiding secrets', () => {
  it('replaces known values wherever they are', () => {
    expect(hideSecrets('Bearer hf_abc and hf_abc', ['hf_abc', undefined, ''])).toBe('Bearer *** and ***');
  });

  it('leaves the text whole where a value is a letter or two', () => {
    expect(hideSecrets('Bearer e', ['e', 'key'])).toBe('Bearer e');
  });

  it('keeps of a URL only what cannot be a secret', () => {
    expect(hideUrlSecrets('GET https://u:p@host.example/a/b?X-Amz-Signature=1#c failed')).toBe(
      'GET https://host.example/a/b?… failed',
    );
    expect(hideUrlSecrets('see "https://host.example/a", please')).toBe('see "https://host.example/a", please');
  });
});
