import { describe, expect, it } from 'vitest';
import { type StatusContext, sourceErrorFor } from '../../../lib/core/http/status-error.ts';

function messageFor(status: number, url: string, headers: Record<string, string> = {}, context: StatusContext = {}) {
  return sourceErrorFor({ status, url: new URL(url), header: (name) => headers[name] }, context).message;
}

describe('what a refused request is called', () => {
  it.each([
    [401, 'not allowed'],
    [404, 'not there'],
    [412, 'replaced while it was being read'],
    [429, 'too many requests'],
    [503, 'server error'],
    [418, 'unexpected answer'],
  ])('%d: the source, the status, and what it means', (status, words) => {
    expect(messageFor(status, 'https://a.example/x')).toBe(`https://a.example/x: HTTP ${status}, ${words}`);
  });

  it('names the host that answered only where it is another one than the source names', () => {
    const source = 'https://a.example/x';
    expect(messageFor(404, 'https://a.example/y', {}, { source })).toBe(`${source}: HTTP 404, not there`);
    expect(messageFor(404, 'https://cdn.example/y?sig=s', {}, { source })).toBe(
      `${source}: HTTP 404 from cdn.example, not there`,
    );
    const hub = 'hf://acme/tiny@main/a';
    expect(messageFor(404, 'https://huggingface.co/a', {}, { source: hub })).toBe(`${hub}: HTTP 404, not there`);
    expect(messageFor(403, 'https://cdn.example/a?sig=s', {}, { source: hub, signed: true })).toBe(
      `${hub}: HTTP 403 from cdn.example, the signed URL is refused or expired`,
    );
  });

  it("gives the Hub's own word for it", () => {
    const code = { 'x-error-code': 'EntryNotFound' };
    expect(messageFor(404, 'https://huggingface.co/a', code, { source: 'hf://acme/tiny@main/a' })).toBe(
      'hf://acme/tiny@main/a: HTTP 404 EntryNotFound, no such file at this revision',
    );
  });
});
