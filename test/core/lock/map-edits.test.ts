import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMap, parseDocument, type YAMLMap } from 'yaml';
import { type FieldValue, fieldEdits, scalarEdit } from '../../../lib/core/lock/map-edits.ts';
import { applyEdits } from '../../../lib/core/lock/text-edit.ts';

const sha256 = 'b3808a0ce2d5425797df358de854716d38ec7e32c9183a5931ef8109029fd9e4';
const wanted: readonly FieldValue[] = [
  { key: 'sha256', value: sha256 },
  { key: 'size', value: 12 },
  { key: 'digestFrom', value: 'upstream' },
];

function artifactMap(text: string, index = 0): YAMLMap {
  const map = parseDocument(text).getIn(['artifacts', index]);
  if (!isMap(map)) throw new Error('no artifact there');
  return map;
}

function edited(text: string, fields: readonly FieldValue[] = wanted): string {
  const edits = fieldEdits(text, artifactMap(text), fields);
  if (edits === undefined) throw new Error('cannot be edited');
  return applyEdits(text, edits);
}

describe('editing the fields of an artifact in its source text', () => {
  it('adds absent fields on lines of their own, after the sources and in their usual order', () => {
    const text = 'artifacts:\n  - id: a # one\n    source: file:a.bin   # here\n    labels: { x: y }\n';
    expect(edited(text)).toBe(
      `artifacts:\n  - id: a # one\n    source: file:a.bin   # here\n    sha256: ${sha256}\n    size: 12\n    digestFrom: upstream\n    labels: { x: y }\n`,
    );
  });

  it('keeps a commented-out source with the list that it belongs to', () => {
    const text = 'artifacts:\n- id: a\n  sources:\n    - file:a.bin\n    # - file:b.bin\n# next\n';
    expect(edited(text, wanted.slice(1, 2))).toBe(
      'artifacts:\n- id: a\n  sources:\n    - file:a.bin\n    # - file:b.bin\n  size: 12\n# next\n',
    );
  });

  it('replaces a placeholder in its own quotes', () => {
    for (const quote of ['', '"', "'"]) {
      const text = `artifacts:\n  - id: a\n    sha256: ${quote}<to_be_calculated>${quote} # soon\n    source: file:a\n`;
      expect(edited(text, wanted.slice(0, 1))).toBe(
        `artifacts:\n  - id: a\n    sha256: ${quote}${sha256}${quote} # soon\n    source: file:a\n`,
      );
    }
  });

  it('fills a field that is there without a value', () => {
    const text = 'artifacts:\n  - id: a\n    sha256: # soon\n    source: file:a\n';
    expect(edited(text, wanted.slice(0, 1))).toBe(
      `artifacts:\n  - id: a\n    sha256: ${sha256} # soon\n    source: file:a\n`,
    );
  });

  it('appends to a flow mapping on its own line and to JSON over several lines', () => {
    expect(edited('artifacts: [{ id: a, source: file:a }] # x\n', wanted.slice(1))).toBe(
      'artifacts: [{ id: a, source: file:a, size: 12, digestFrom: upstream }] # x\n',
    );
    const json = '{"artifacts": [\n  {\n    "id": "a",\n    "source": "file:a"\n  }\n]}\n';
    const result = edited(json);
    expect(JSON.parse(result)).toEqual({
      artifacts: [{ id: 'a', source: 'file:a', sha256, size: 12, digestFrom: 'upstream' }],
    });
    expect(result).toContain(`"source": "file:a",\n    "sha256": "${sha256}",\n    "size": 12,`);
  });

  it('works at the end of a file that has no last line break, and after a block scalar', () => {
    expect(edited('artifacts:\n  - id: a\n    source: file:a', wanted.slice(1, 2))).toBe(
      'artifacts:\n  - id: a\n    source: file:a\n    size: 12',
    );
    const text = 'artifacts:\n  - id: a\n    file: |+\n      a\n\n    kind: x\n';
    expect(edited(text, wanted.slice(1, 2))).toBe(
      'artifacts:\n  - id: a\n    file: |+\n      a\n\n    size: 12\n    kind: x\n',
    );
  });

  it('quotes what would be read as a number, also among plain values', () => {
    const odd = `${'1'.repeat(30)}e${'2'.repeat(33)}`;
    const text = 'artifacts:\n  - id: a\n    source: file:a\n';
    const result = edited(text, [{ key: 'sha256', value: odd }]);
    expect(parseDocument(result).toJS().artifacts[0].sha256).toBe(odd);
  });

  it('refuses shapes that it cannot edit: an alias, a block scalar', () => {
    const alias = parseDocument('a: &x abc\nb: *x\n');
    expect(scalarEdit('a: &x abc\nb: *x\n', alias.get('b', true), 'new')).toBeUndefined();
    const text = 'artifacts:\n  - id: a\n    sha256: >\n      abc\n';
    expect(fieldEdits(text, artifactMap(text), wanted.slice(0, 1))).toBeUndefined();
  });
});

const comment = fc.constantFrom('', ' # why', '   # "quoted" text: {a}');
const quoting = fc.constantFrom('', '"', "'");
const eol = fc.constantFrom('\n', '\r\n');
const between = fc.constantFrom([], [''], ['# a comment'], ['', '    # deep comment', '']);
const artifact = fc.record({ comment, quoting, between, present: fc.subarray(['sha256', 'size', 'digestFrom']) });

describe('whatever a manifest looks like', () => {
  it('every line that is not set stays byte for byte, and the values read back', () => {
    fc.assert(
      fc.property(
        fc.array(artifact, { minLength: 1, maxLength: 4 }),
        eol,
        fc.boolean(),
        fc.infiniteStream(fc.nat(1000)),
        (artifacts, lineBreak, lastBreak, random) => {
          const lines: string[] = ['# head', 'artifacts:'];
          for (const [index, one] of artifacts.entries()) {
            const fields = [
              ['kind', 'checkpoint'],
              ['source', `${one.quoting}file:a${index}.bin${one.quoting}`],
              ...one.present.map((key) => [key, `${one.quoting}<to_be_calculated>${one.quoting}`]),
            ];
            fields.sort(() => (random.next().value % 2 === 0 ? 1 : -1));
            lines.push(`  - id: a${index}${one.comment}`);
            for (const [key, value] of fields) lines.push(`    ${key}: ${value}${one.comment}`);
            lines.push(...one.between);
          }
          const text = lines.join(lineBreak) + (lastBreak ? lineBreak : '');
          const edits = artifacts.flatMap((_, index) => fieldEdits(text, artifactMap(text, index), wanted) ?? []);
          const result = applyEdits(text, edits);

          const expected = parseDocument(text).toJS();
          for (const one of expected.artifacts) Object.assign(one, { sha256, size: 12, digestFrom: 'upstream' });
          expect(parseDocument(result).errors).toEqual([]);
          expect(parseDocument(result).toJS()).toEqual(expected);

          const isField = /^ {4}(sha256|size|digestFrom): /;
          const untouched = (all: string) => all.split(/(?<=\n)/).filter((line) => !isField.test(line));
          const strip = (all: string[]) => (lastBreak ? all : all.map((line) => line.replace(/\r?\n$/, '')));
          expect(strip(untouched(result))).toEqual(strip(untouched(text)));
          if (lineBreak === '\r\n') expect(result).not.toMatch(/[^\r]\n/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
