import { describe, expect, it } from 'vitest';
import { presentedCredential } from '../../../../lib/core/access/authenticate/authorization-header.ts';
import { reasonOf } from './authenticating.ts';

const token = `weighbridge_${'aB3-_'.repeat(8)}xyz`;
const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

describe('the Authorization header', () => {
  it.each([
    ['Bearer', `Bearer ${token}`, 'mirror-token', token],
    ['Bearer in other case and with more spaces', `bEaReR   ${token}`, 'mirror-token', token],
    ['a JWT', `Bearer ${jwt}`, 'jwt', jwt],
    ['the password of Basic', basic(`build-farm:${token}`), 'mirror-token', token],
    ['the password of Basic without a user', basic(`:${token}`), 'mirror-token', token],
    ['a JWT as password', basic(`oidc:${jwt}`), 'jwt', jwt],
    [
      'a user name of any bytes',
      `Basic ${Buffer.from(`\xff\0:${token}`, 'latin1').toString('base64')}`,
      'mirror-token',
      token,
    ],
  ])('presents a credential as %s', (_, header, kind, text) => {
    expect(presentedCredential(header)).toEqual({ kind, text });
  });

  it.each([
    ['nothing', undefined, 'no credential'],
    ['an empty header', '', 'no credential'],
    ['a scheme alone', 'Bearer', 'header malformed'],
    ['a scheme and spaces', 'Bearer   ', 'header malformed'],
    ['a token without a scheme', token, 'header malformed'],
    ['two schemes', `Bearer ${token}, Basic ${token}`, 'header malformed'],
    ['two tokens', `Bearer ${token},${token}`, 'neither mirror token nor JWT'],
    ['two words', `Bearer ${token} ${token}`, 'header malformed'],
    ['a line break within', `Bearer ${token}\r\nX-Caller: root`, 'header malformed'],
    ['a line break after', `Bearer ${token}\n`, 'header malformed'],
    ['a NUL', `Bearer ${token}\0`, 'header malformed'],
    ['a tab for the space', `Bearer\t${token}`, 'header malformed'],
    ['a space before', ` Bearer ${token}`, 'header malformed'],
    ['letters beyond ASCII', `Bearer ${token.replace('a', 'а')}`, 'header malformed'],
    ['a letter that folds to one of Basic', `Baſic ${Buffer.from(`:${token}`).toString('base64')}`, 'header malformed'],
    ['Digest', `Digest ${token}`, 'scheme unknown'],
    ['a signature of AWS', 'AWS4-HMAC-SHA256 Credential=a/20260101/eu/s3/aws4_request', 'header malformed'],
    ['a name of Object', `constructor ${token}`, 'scheme unknown'],
    ['a very long header', `Bearer ${'a'.repeat(20_000)}`, 'header too long'],
    ['a very long token', `Bearer ${'a'.repeat(16_000)}`, 'neither mirror token nor JWT'],
    ['a token that is too short', `Bearer ${token.slice(0, -1)}`, 'neither mirror token nor JWT'],
    ['a token that is too long', `Bearer ${token}A`, 'neither mirror token nor JWT'],
    ['a token in other case', `Bearer ${token.replace('weighbridge', 'Weighbridge')}`, 'neither mirror token nor JWT'],
    ['a JWT of two parts', `Bearer ${jwt.split('.').slice(0, 2).join('.')}`, 'neither mirror token nor JWT'],
    ['a JWT without its signature', `Bearer ${jwt.split('.').slice(0, 2).join('.')}.`, 'neither mirror token nor JWT'],
    ['an encrypted JWT', `Bearer ${jwt}.${jwt}`, 'neither mirror token nor JWT'],
    ['a JWT with padding', `Bearer ${jwt}=`, 'neither mirror token nor JWT'],
    ['Basic that is not base64', `Basic ${token}!`, 'basic malformed'],
    ['Basic in base64url', `Basic ${Buffer.from(`ÿ?ÿ:${token}`).toString('base64url')}`, 'basic malformed'],
    ['Basic without padding', basic(`ab:${token}`).replace(/=+$/, ''), 'basic malformed'],
    ['Basic with something between', `${basic(`abc:${token}`)}*`, 'basic malformed'],
    ['Basic without a colon', basic(token), 'basic malformed'],
    ['Basic with the token as user', basic(`${token}:`), 'neither mirror token nor JWT'],
    ['Basic with a line break after the token', basic(`a:${token}\n`), 'neither mirror token nor JWT'],
    ['Basic with a header for a password', basic(`a:Bearer ${token}`), 'neither mirror token nor JWT'],
  ])('is refused with %s', async (_, header, reason) => {
    expect(await reasonOf(() => presentedCredential(header), token)).toBe(reason);
  });
});
