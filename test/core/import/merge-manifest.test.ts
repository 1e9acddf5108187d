import { describe, expect, it } from 'vitest';
import { composeManifest } from '../../../lib/core/import/compose-manifest.ts';
import type { ImportedArtifact } from '../../../lib/core/import/importer.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';

const hex = 'b3808a0ce2d5425797df358de854716d38ec7e32c9183a5931ef8109029fd9e4';
const otherHex = hex.replace('b', 'c');

function artifact(id: string, more: Partial<ImportedArtifact> = {}): ImportedArtifact {
  const defaults = { aliases: [], kind: 'checkpoint', file: `${id}.bin`, required: true, labels: {} };
  return { id, ...defaults, sources: [`https://example.org/${id}.bin`], ...more };
}

function reimport(existing: string, artifacts: readonly ImportedArtifact[], more = {}) {
  const made = composeManifest(
    { collection: 'c', version: '1.0.0', access: undefined, artifacts, ...more },
    {
      settings: new Map(),
      existing: parseManifest(existing, { file: 'm.yaml', beforeLock: true }),
      placeholders: [],
      schema: undefined,
      comments: [],
    },
  );
  const findings = made.findings.map(({ kind, subject, field }) => `${kind} ${subject} ${field ?? ''}`.trim());
  return { ...made, findings };
}

const edited = `# by hand
weighbridge: 1
collection: c   # ours
version: 1.0.0
access: private
artifacts:
    # the big one
    - file: "a.bin"
      id: a
      source: https://mirror.example.org/a.bin   # nearer
      labels: { tested: "yes", model: m }
      kind: weights

    - id: b
      file: b.bin
      sources: []
      sha256: <to_be_calculated>
      # waits for b
# the end
`;

describe('importing into a manifest that is there', () => {
  it('keeps every edit by hand, fills in what is absent, and puts what is new at the end', () => {
    const made = reimport(
      edited,
      [
        artifact('a', { sha256: hex, size: 7, digestFrom: 'upstream', labels: { model: 'm' }, required: false }),
        artifact('b', { sha256: hex, aliases: ['old-b'], metadata: { note: 'n' } }),
        artifact('d', { sources: [], labels: { model: 'd' } }),
      ],
      { license: 'MIT' },
    );
    expect(made.text).toBe(
      `# by hand
weighbridge: 1
collection: c   # ours
version: 1.0.0
access: private
license: MIT
artifacts:
    # the big one
    - file: "a.bin"
      id: a
      source: https://mirror.example.org/a.bin   # nearer
      "sha256": "${hex}"
      "size": 7
      "digestFrom": "upstream"
      "required": false
      labels: { tested: "yes", model: m }
      kind: weights

    - id: b
      aliases: [old-b]
      kind: checkpoint
      file: b.bin
      sources: [https://example.org/b.bin]
      sha256: ${hex}
      metadata: { note: n }
      # waits for b
    - id: d
      kind: checkpoint
      file: d.bin
      sources: []
      labels:
        model: d
# the end
`
        .replaceAll(/"(sha256|size|digestFrom|required)"/g, '$1')
        .replace(`"${hex}"`, hex)
        .replace('"upstream"', 'upstream'),
    );
    expect(made.findings).toEqual(['kept a sources', 'kept a kind']);
    expect(made).toMatchObject({ added: 1, filled: 2 });
  });

  it('says what differs, and what the input no longer has, and changes nothing of it', () => {
    const text = `weighbridge: 1
collection: c
version: 1.0.0
access: public
artifacts:
  - id: renamed
    kind: checkpoint
    file: a.bin
    source: https://example.org/a.bin
    sha256: ${hex}
    size: 7
  - id: mine
    file: mine.bin
    source: file:mine.bin
`;
    const made = reimport(text, [artifact('a', { sha256: otherHex, size: 8 })], { collection: 'd' });
    expect(made.text).toBe(text);
    expect(made.findings).toEqual([
      ...['kept d collection', 'kept renamed id', 'kept renamed sha256', 'kept renamed size', 'kept mine'],
    ]);
  });

  it('takes a source that lock pinned for the one that it was', () => {
    const commit = '0efe1d93cfd4d9461edc66f8b776b3531fe624e5';
    const pins = [
      [`hf://o/r@${commit}/a.bin`, 'hf://o/r@main/a.bin'],
      ['github://o/r@v1/a.bin#id=7', 'github://o/r@v1/a.bin'],
      ['s3://bucket/a.bin?versionId=x', 's3://bucket/a.bin'],
      ['gs://bucket/a.bin#17', 'gs://bucket/a.bin'],
      ['https://example.org/a%62', 'https://example.org/a%62'],
    ];
    for (const [pinned = '', written = ''] of pins) {
      const text = `weighbridge: 1\ncollection: c\nversion: 1.0.0\naccess: public\nartifacts:\n  - id: a\n    kind: checkpoint\n    file: a.bin\n    source: ${pinned}\n`;
      expect(reimport(text, [artifact('a', { sources: [written] })])).toMatchObject({ text, findings: [] });
      const moved = written.replace(/a\.bin|a%62/, 'b.bin');
      expect(reimport(text, [artifact('a', { sources: [moved] })]).findings).toEqual(['kept a sources']);
    }
  });

  it('does not let what is new collide with what is there', () => {
    const made = reimport(edited, [
      artifact('x', { file: 'A.BIN' }),
      artifact('a', { file: 'new.bin' }),
      artifact('y', { aliases: ['b'] }),
    ]);
    expect(made.findings).toContain('not-taken x file');
    // The same id is the same artifact, whose file was edited.
    expect(made.findings).toContain('kept a file');
    // And so is one that was renamed, and says so.
    expect(made.findings).toContain('kept b id');
    expect(made.added).toBe(0);
  });

  it('fills in nothing that contradicts what is there', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const text = edited.replace('<to_be_calculated>', empty);
    const made = reimport(text, [artifact('a', { aliases: ['b', 'fine'] }), artifact('b', { size: 7 })]);
    expect(made.findings).toEqual(expect.arrayContaining(['not-taken a aliases', 'conflict b sha256']));
    expect(made.text).toContain('aliases: [fine]');
    expect(made.text).not.toContain('size: 7');
  });

  it.each([
    ['CRLF', edited.replaceAll('\n', '\r\n')],
    ['no line break at the end', edited.replace(/# the end\n$/, '').trimEnd()],
    ['dashes at the margin', edited.replace(/^ {4}/gm, '')],
    [
      'a last artifact that ends in a block of text',
      `${edited.replace('# the end\n', '')}      metadata:\n        note: |\n          two\n          lines\n`,
    ],
  ])('edits a manifest with %s', (_, text) => {
    const made = reimport(text, [artifact('a', { size: 7 }), artifact('d')]);
    const { artifacts } = parseManifest(made.text ?? '', { file: 'm.yaml', beforeLock: true }).manifest;
    expect(artifacts.map(({ id, size }) => [id, size])).toEqual([
      ['a', 7],
      ['b', undefined],
      ['d', undefined],
    ]);
    const lines = new Set(made.text?.split(/\r?\n/));
    for (const line of text.split(/\r?\n/)) expect(lines).toContain(line);
    expect(made.text?.match(/\r\n/g)?.length ?? 0).toBe(text.includes('\r') ? made.text?.match(/\n/g)?.length : 0);
  });

  it.each([2, undefined])('edits a manifest that is JSON, indented by %s', (indent) => {
    const value = { weighbridge: 1, collection: 'c', version: '1.0.0', access: 'public' };
    const one = { id: 'a', file: 'a.bin', source: 'file:a.bin' };
    const text = JSON.stringify({ ...value, artifacts: [one] }, undefined, indent);
    const made = reimport(text, [artifact('a', { sources: ['file:a.bin'], labels: { x: 'y' } }), artifact('d')]);
    expect(JSON.parse(made.text ?? '')).toMatchObject({
      artifacts: [{ ...one, kind: 'checkpoint', labels: { x: 'y' } }, { id: 'd' }],
    });
  });

  it('writes nothing where it cannot edit in place, and says so', () => {
    const text = edited
      .replace('    - id: b', '    -\n      id: b')
      .replace('- file: "a.bin"\n', '-\n      file: "a.bin"\n');
    const made = reimport(text, [artifact('a'), artifact('d')]);
    expect(made.text).toBe(text);
    expect(made.findings).toContain('not-taken d');
  });
});
