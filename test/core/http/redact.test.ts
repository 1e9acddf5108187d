import { expect, it } from 'vitest';
import { redact } from '../../../lib/core/http/redact.ts';

it('cuts user, password, fragment and every parameter that is not known to be harmless', () => {
  const url = new URL(
    'https://user:pass@host.example:8443/a/b.bin?X-Amz-Signature=s3cret&versionId=abc.1&foo=bar#part',
  );
  expect(redact(url)).toBe('https://host.example:8443/a/b.bin?versionId=abc.1');
});

it('keeps a version only where it looks like one', () => {
  expect(redact(new URL('https://h.example/a?generation=12345&id=a%20secret%3Dvalue'))).toBe(
    'https://h.example/a?generation=12345',
  );
});
