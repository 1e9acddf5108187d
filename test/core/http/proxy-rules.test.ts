import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../../lib/core/http/proxy-rules.ts';

const https = new URL('http://proxy.example:3128');
const through = (url: string, noProxy = '') => proxyFor(new URL(url), { https, noProxy }) === https;

describe('a proxy', () => {
  it('serves the scheme it is set for', () => {
    expect(through('https://huggingface.co/x')).toBe(true);
    expect(through('http://huggingface.co/x')).toBe(false);
  });

  it.each([...['https://localhost/x', 'https://127.0.0.1:8443/x', 'https://[::1]/x']])(
    'is not asked for this machine: %s',
    (url) => {
      expect(through(url)).toBe(false);
    },
  );

  it.each([
    ['https://a.example.org', 'example.org'],
    ['https://example.org', '.example.org'],
    ['https://a.example.org', '*.example.org'],
    ['https://A.Example.org', 'other, EXAMPLE.ORG'],
    ['https://example.org', 'example.org:443'],
    ['https://example.org', '*'],
    ['https://203.0.113.9', '203.0.113.0/24'],
    ['https://203.0.113.9:444', '203.0.113.9:444'],
    ['https://[2001:db8::5]', '2001:db8::/32'],
    ['https://[2001:db8::5]', '[2001:db8::5]'],
  ])('is passed by for %s with NO_PROXY=%s', (url, noProxy) => {
    expect(through(url, noProxy)).toBe(false);
  });

  it.each([
    ['https://badexample.org', 'example.org'],
    ['https://example.org.evil.test', 'example.org'],
    ['https://example.org', 'example.org:8443'],
    ['https://203.0.114.9', '203.0.113.0/24'],
    ['https://203.0.113.9', '203.0.113.9:444'],
    ['https://example.org', ' , '],
  ])('is used for %s with NO_PROXY=%s', (url, noProxy) => {
    expect(through(url, noProxy)).toBe(true);
  });
});
