import { describe, expect, it } from 'vitest';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { canonicalJson } from '../../../lib/core/registry/canonical-json.ts';

describe('canonical JSON', () => {
  it.each<[unknown, string]>([
    [null, 'null'],
    ['a"\u2028\n', JSON.stringify('a"\u2028\n')],
    [-0.5e-7, '-5e-8'],
    [[], '[]'],
    [{}, '{}'],
    [[1, [true, ''], {}], '[1,[true,""],{}]'],
    [{ b: 1, a: { d: [], c: null }, '10': 2, '9': 3 }, '{"10":2,"9":3,"a":{"c":null,"d":[]},"b":1}'],
    [{ a: undefined, b: 1, c: undefined, d: 2 }, '{"b":1,"d":2}'],
    [{ digest: Sha256.ofBytes('') }, `{"digest":"${Sha256.ofBytes('').hex}"}`],
    // U+1F600 is a surrogate pair, which JavaScript itself would sort before U+FF5E.
    [{ '\u{1F600}': 1, '\uFF5E': 2 }, '{"\uFF5E":2,"\u{1F600}":1}'],
  ])('of %j is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [1n], [() => 1], [[undefined]]])(
    'does not exist for %s',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
      expect(() => canonicalJson({ value })).toThrow(TypeError);
    },
  );
});
