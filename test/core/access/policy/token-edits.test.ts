import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { withoutTokens, withToken } from '../../../../lib/core/access/policy/token-edits.ts';
import { UsageError } from '../../../../lib/core/errors.ts';

const one = 'ab'.repeat(32);
const two = 'cd'.repeat(32);
const token = { sha256: 'ef'.repeat(32), expires: '2027-03-31' };
const written = `{ sha256: ${token.sha256}, expires: 2027-03-31 }`;

const policyText = (text: string) => ({ text, document: parseDocument(text) });
const add = (text: string, name = 'farm') => withToken(policyText(text), name, token);
const remove = (text: string, ...digests: string[]) => withoutTokens(policyText(text), 'farm', new Set(digests));

const list = `weighbridgeAccess: 1 # the format
principals:
    # machines
    farm:
        tokens:
            # the old one
            - { sha256: ${one}, expires: 2027-01-31 }   # rack 1
            - { expires: "2027-02-28", sha256: '${two}' }
              # of rack 2

grants: {}
`;

describe('a token is added', () => {
  it('behind the last one of its principal, comments and quotes left alone', () => {
    expect(add(list)).toBe(list.replace('# of rack 2\n', `# of rack 2\n            - ${written}\n`));
  });

  it('in lines of its own where the others have them', () => {
    const text = `principals:\n  farm:\n    tokens:\n      -   sha256: ${one}\n          expires: 2027-01-31\n`;
    expect(add(text)).toBe(`${text.trimEnd()}\n      -   sha256: ${token.sha256}\n          expires: 2027-03-31\n`);
  });

  it('to an empty list, and to one in brackets', () => {
    expect(add('principals:\n  farm:\n    tokens: [] # none\n')).toBe(
      `principals:\n  farm:\n    tokens: [${written}] # none\n`,
    );
    expect(add(`principals: { farm: { tokens: [ { sha256: ${one}, expires: 2027-01-31 } ] } }\n`)).toBe(
      `principals: { farm: { tokens: [ { sha256: ${one}, expires: 2027-01-31 }, ${written} ] } }\n`,
    );
  });

  it('to JSON as JSON', () => {
    const value = { weighbridgeAccess: 1, principals: { farm: { tokens: [{ sha256: one, expires: '2027-01-31' }] } } };
    const text = JSON.stringify(value, null, 2);
    expect(JSON.parse(add(text)).principals.farm.tokens).toEqual([...value.principals.farm.tokens, token]);
    expect(JSON.parse(add(text, 'other')).principals.other.tokens).toEqual([token]);
  });

  it('with its principal where there is none, indented like the others', () => {
    expect(add(list, 'new')).toBe(
      list.replace('# of rack 2\n', `# of rack 2\n    new:\n      tokens:\n        - ${written}\n`),
    );
  });

  it('with the whole section where there is none', () => {
    expect(add('weighbridgeAccess: 1\n')).toBe(
      `weighbridgeAccess: 1\n\nprincipals:\n  farm:\n    tokens:\n      - ${written}\n`,
    );
    expect(add('principals: {}\n')).toBe(`principals: { farm: { tokens: [${written}] } }\n`);
  });

  it('in a file whose lines end as on Windows, and in one without an end of its last line', () => {
    expect(add(list.replaceAll('\n', '\r\n'))).toBe(add(list).replaceAll('\n', '\r\n'));
    expect(add('weighbridgeAccess: 1')).toContain(`      - ${written}`);
  });

  it('in quotes where its digest would be read as a number', () => {
    const digits = { sha256: `${'1'.repeat(10)}e${'1'.repeat(53)}`, expires: '2027-03-31' };
    const text = withToken(policyText('weighbridgeAccess: 1\n'), 'farm', digits);
    expect(text).toContain(`"${digits.sha256}"`);
  });

  it('never in a way that changes something else', () => {
    expect(() => add('{ weighbridgeAccess: 1 }\n')).toThrow(UsageError);
  });
});

describe('a token is taken out', () => {
  it('with its line alone', () => {
    expect(remove(list, one)).toBe(list.replace(/ {12}- \{ sha256.*\n/u, ''));
    expect(remove(list, two)).toBe(list.replace(/ {12}- \{ expires.*\n/u, ''));
  });

  it('and the principal stays when it was the last', () => {
    const text = `principals:\n  farm: # machines\n    tokens:\n      - { sha256: ${one}, expires: 2027-01-31 }\n  other: {}\n`;
    expect(remove(text, one)).toBe('principals:\n  farm: # machines\n    tokens: []\n  other: {}\n');
    expect(parseDocument(remove(list, one, two)).toJS().principals).toEqual({ farm: { tokens: [] } });
  });

  it('from a list in brackets', () => {
    const item = (sha256: string) => `{ sha256: ${sha256}, expires: 2027-01-31 }`;
    const text = `principals:\n  farm: { tokens: [${item(one)}, ${item(two)}, ${item(token.sha256)}] }\n`;
    expect(remove(text, two, token.sha256)).toBe(`principals:\n  farm: { tokens: [${item(one)}] }\n`);
    expect(remove(text, one, two, token.sha256)).toBe('principals:\n  farm: { tokens: [] }\n');
  });
});
