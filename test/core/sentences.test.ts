import { describe, expect, it } from 'vitest';
import { sentences } from '../../lib/core/sentences.ts';

describe('a message and its hint in one line', () => {
  it('are two sentences', () => {
    expect(sentences(['not allowed', 'Set the token.'])).toBe('not allowed. Set the token.');
  });

  it('get no second mark where the message has one', () => {
    expect(sentences(['Is it there?', 'Look.', 'Then go on'])).toBe('Is it there? Look. Then go on');
  });

  it('stay a message alone without a hint', () => {
    expect(sentences(['not there', undefined])).toBe('not there');
  });
});
