import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonTextEdits } from '../../../../lib/core/import/systems/json-text-edits.ts';

function edited(
  text: string,
  ...sets: readonly (readonly [path: (string | number)[], value: string | number | object])[]
): string {
  const edits = new JsonTextEdits(text, 'a file');
  for (const [path, value] of sets) edits.set(path, value as string);
  return edits.text;
}

describe('values are set in the text of a JSON file', () => {
  it('and every other byte stays: blanks, escapes, numbers as they are written', () => {
    const text = '{ "a" : 1.0,\r\n\t"b":[ 1e3 , "\\u00e9\\/" ],  "c" : "old" }\r\n';
    expect(edited(text, [['c'], 'new'])).toBe(text.replace('"old"', '"new"'));
    expect(edited(text, [['b', 1], 'x'])).toBe(text.replace('"\\u00e9\\/"', '"x"'));
  });

  it('and one that is there already keeps its spelling', () => {
    const text = '{"a": 1.50, "b": "\\u0041", "c": {"x": 1,  "y": 2}}';
    expect(edited(text, [['a'], 1.5], [['b'], 'A'], [['c'], { x: 1, y: 2 }])).toBe(text);
  });

  it('and fields are added in the style of their neighbours', () => {
    expect(edited('{\r\n    "a": 1\r\n}', [['b'], 2], [['c'], 3])).toBe(
      '{\r\n    "a": 1,\r\n    "b": 2,\r\n    "c": 3\r\n}',
    );
    expect(edited('{"a":1}', [['b'], 2])).toBe('{"a":1,"b":2}');
    expect(edited('{ "a": 1 }', [['b'], 2])).toBe('{ "a": 1, "b": 2 }');
    expect(edited('{"a": {}}', [['a', 'x'], 1], [['a', 'y'], 2])).toBe('{"a": {"x": 1, "y": 2}}');
    expect(edited('{\n\t"a": null\n}', [['a'], { x: 1 }])).toBe('{\n\t"a": {\n\t\t"x": 1\n\t}\n}');
  });

  it('and below a value that was set before', () => {
    expect(edited('{"a": null}', [['a'], { x: 1 }], [['a', 'x'], 2], [['a'], 'done'])).toBe('{"a": "done"}');
  });

  it('and the last one where a name stands twice', () => {
    expect(edited('{"a": 1, "a": 2}', [['a'], 3])).toBe('{"a": 1, "a": 3}');
  });

  it('and a byte order mark stays', () => {
    expect(edited('\uFEFF{"a": 1}', [['a'], 2])).toBe('\uFEFF{"a": 2}');
  });

  it('and nothing happens where there is no object to add to', () => {
    const edits = new JsonTextEdits('{"a": [1]}', 'a file');
    expect(edits.set(['b', 'c'], 1)).toBe(false);
    expect(edits.set(['a', 'c'], 1)).toBe(false);
    expect(edits.text).toBe('{"a": [1]}');
  });

  it('and any document reads back as itself with that one value', () => {
    const names = fc.constantFrom('a', 'b', 'é"\\', ' ', 'constructor');
    const document = fc.dictionary(
      names,
      fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.dictionary(names, fc.jsonValue())),
    );
    const layout = fc.constantFrom(undefined, 2, 4, '\t');
    fc.assert(
      fc.property(document, layout, fc.boolean(), names, fc.string(), (value, space, windows, name, replacement) => {
        const plain = JSON.stringify(value, null, space);
        const text = windows ? plain.replaceAll('\n', '\r\n') : plain;
        const after = edited(text, [[name], replacement]);
        expect(JSON.parse(after)).toEqual({ ...JSON.parse(plain), [name]: replacement });
        expect(edited(after, [[name], replacement])).toBe(after);
      }),
    );
  });

  it('and text that is no JSON is refused with its place, not its words', () => {
    for (const text of ['', '{"a": "secret" "b"}', '{"a": 1,}', '{} {}', '// no', '['.repeat(100_000)]) {
      const read = () => new JsonTextEdits(text, 'a file');
      expect(read).toThrow(expect.objectContaining({ name: 'InvalidFile' }));
      expect(read).not.toThrow(/secret/u);
    }
  });
});
