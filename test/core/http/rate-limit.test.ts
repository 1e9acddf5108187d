import { describe, expect, it } from 'vitest';
import { quotaUsedUp, waitFor } from '../../../lib/core/http/rate-limit.ts';

const now = new Date('2026-11-01T12:00:00Z');
const response = (headers: Record<string, string>) => ({ header: (name: string) => headers[name] });

describe('the wait that a response asks for', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '7' }, 7],
    ['a date', { 'retry-after': 'Sun, 01 Nov 2026 12:01:30 GMT' }, 90],
    ['a date in the past', { 'retry-after': 'Sun, 01 Nov 2026 11:00:00 GMT' }, 0],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['nothing', {}, undefined],
    ['a used-up RateLimit, plus one second', { ratelimit: '"resolvers";r=0;t=120' }, 121],
    ['a RateLimit with some left', { ratelimit: '"resolvers";r=5;t=120' }, undefined],
    ['the used-up one of several', { ratelimit: '"api";r=9;t=200, "resolvers";r=0;t=30' }, 31],
    ['the longer of two ways to say it', { 'retry-after': '5', ratelimit: '"api";r=0;t=60' }, 61],
    [
      'the reset of GitHub',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now.getTime() / 1000 + 40) },
      41,
    ],
    [
      'a reset that does not matter yet',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '99999999999' },
      undefined,
    ],
    ['no more than a day', { 'retry-after': '999999999' }, 86_400],
  ])('is read from %s', (_name, headers, seconds) => {
    expect(waitFor(response(headers), now)).toBe(seconds);
  });
});

it('knows a used-up quota by its headers', () => {
  expect(quotaUsedUp(response({ 'x-ratelimit-remaining': '0' }))).toBe(true);
  expect(quotaUsedUp(response({ ratelimit: '"resolvers";r=0;t=9' }))).toBe(true);
  expect(quotaUsedUp(response({ ratelimit: '"resolvers";r=10;t=9' }))).toBe(false);
  expect(quotaUsedUp(response({}))).toBe(false);
});
