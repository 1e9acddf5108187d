import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { composeYaml } from '../../../lib/core/manifest/compose-yaml.ts';
import { plainValue } from '../../../lib/core/manifest/plain-value.ts';
import { readRegularYaml } from '../../../lib/core/manifest/regular-yaml.ts';

const regular = `# yaml-language-server: $schema=../schema.json
weighbridge: 1
collection: models   # a comment
version: "1.10"
license: 'MIT'
description: Models (of two kinds), with: nothing
metadata: {}
artifacts:
  # the first
  - id: a
    aliases: [old-a, "older a"]
    source: https://example.org/a.bin#x

    sha256: ${'1e'.repeat(32)}
    size: 12
    required: false
    labels: { set: mp-20, count: "3", url: https://x/y }
  - id: b
    sources:
      - https://example.org/b.bin
      - file:b.bin # near
    sha256: ${'0a'.repeat(32)}
  - id: c
    sources: []
`;

/** What the full reader makes of a text; undefined when it refuses. */
function fullValue(text: string): unknown {
  const { document } = composeYaml(text);
  if (document === undefined) return undefined;
  const { value, findings } = plainValue(document);
  return findings.length === 0 ? value : undefined;
}

/** Either the regular reader has no opinion, or it has the full reader's. */
function expectAgreement(text: string): void {
  const quick = readRegularYaml(text);
  if (quick !== undefined) expect(quick, JSON.stringify(text)).toEqual(fullValue(text));
}

describe('the quick reader of regular YAML', () => {
  it('reads a manifest as lock writes it', () => {
    const text = regular.replace('with: nothing', 'with nothing');
    expect(readRegularYaml(text)).toEqual(fullValue(text));
    expect(readRegularYaml(text)).toBeDefined();
  });

  it('leaves what it does not know to the full reader', () => {
    for (const text of [
      regular,
      'a: 1\na: 2\n',
      'a: &x 1\n',
      'a: |\n  b\n',
      'a: 1.5\n',
      'a:\n',
      'a: x\n  y\n',
      'a:\t1\n',
      '',
    ]) {
      expect(readRegularYaml(text), text).toBeUndefined();
    }
  });

  it('agrees with the full reader on every damaged manifest', () => {
    const pieces = [
      '',
      ' ',
      '  ',
      '\n',
      '\n  ',
      '- ',
      ':',
      ': ',
      '#',
      ' #',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      ',',
      '1',
      '.',
      'e',
      '-',
      '~',
      'null',
      'true',
      '0x1',
      '*a',
      '&a',
      '!t',
      '|',
      '>',
      '%',
      '@',
      '`',
      '\\',
      '?',
      '? ',
      '---\n',
      '...\n',
      '__proto__: 1',
      '<<: a',
      '\t',
      '\r',
      '\u00a0',
      'é',
      '=',
      '+',
      '$',
      '^',
    ];
    const text = regular.replace('with: nothing', 'with nothing');
    const damage = fc.tuple(fc.nat(text.length), fc.nat(6), fc.constantFrom(...pieces));
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        let damaged = text;
        for (const [at, length, piece] of damages) damaged = damaged.slice(0, at) + piece + damaged.slice(at + length);
        expectAgreement(damaged);
      }),
      { numRuns: 3000 },
    );
  });

  it("agrees with the full reader on texts made of YAML's own pieces", () => {
    const pieces = fc.constantFrom(
      'a',
      'b',
      'key',
      ': ',
      ':',
      '\n',
      '\n',
      '\n  ',
      '\n    ',
      '- ',
      '\n- ',
      '\n  - ',
      ' ',
      '{ ',
      ' }',
      '[',
      ']',
      ', ',
      '"',
      "'",
      '# c',
      ' # c',
      '1',
      '0',
      '.5',
      'e3',
      '+1',
      'true',
      'True',
      'null',
      '~',
      'x y',
      'https://h/p',
      '(z)',
      '/p',
      '._',
      '<',
      '=',
      '%41',
      'é',
    );
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 24 }), (parts) => expectAgreement(parts.join(''))),
      { numRuns: 20_000 },
    );
  });

  it('agrees with the full reader on any data that the library writes', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, tie('scalar'), tie('list'), tie('map')),
      scalar: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constantFrom('1.10', '1e5', 'yes', '- a', 'a: b', 'a #b'),
      ),
      list: fc.array(tie('any'), { maxLength: 4 }),
      map: fc.dictionary(fc.string({ maxLength: 6 }), tie('any'), { maxKeys: 4 }),
    })).map;
    fc.assert(
      fc.property(value, fc.boolean(), (data, indentSeq) =>
        expectAgreement(stringify(data, { indentSeq, aliasDuplicateObjects: false })),
      ),
      { numRuns: 2000 },
    );
  });
});
