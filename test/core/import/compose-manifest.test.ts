import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeManifest } from '../../../lib/core/import/compose-manifest.ts';
import type { ImportedArtifact, ImportedManifest } from '../../../lib/core/import/importer.ts';
import type { Json } from '../../../lib/core/manifest/manifest.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';

const hex = 'b3808a0ce2d5425797df358de854716d38ec7e32c9183a5931ef8109029fd9e4';

function artifact(more: Partial<ImportedArtifact> = {}): ImportedArtifact {
  const defaults = { id: 'a', aliases: [], kind: 'checkpoint', file: 'a.bin', required: true, labels: {} };
  return { ...defaults, sources: ['https://example.org/a.bin'], ...more };
}

function manifest(artifacts: readonly ImportedArtifact[], more: Partial<ImportedManifest> = {}): ImportedManifest {
  return { collection: 'c', version: '1.0.0', access: undefined, artifacts, ...more };
}

function compose(imported: ImportedManifest, existing?: string, settings: Record<string, string> = {}) {
  return composeManifest(imported, {
    settings: new Map(Object.entries(settings)),
    existing: existing === undefined ? undefined : parseManifest(existing, { file: 'm.yaml', beforeLock: true }),
    placeholders: [],
    schema: undefined,
    comments: [],
  });
}

/** Findings as `kind subject field`. */
const said = ({ findings }: ReturnType<typeof compose>) =>
  findings.map(({ kind, subject, field }) => [kind, subject, field].filter((part) => part !== undefined).join(' '));

function parsed({ text }: ReturnType<typeof compose>) {
  return parseManifest(text ?? '', { file: 'm.yaml', beforeLock: true }).manifest;
}

describe('what was imported as a manifest', () => {
  it('has everything that the input says', () => {
    const made = compose(
      manifest(
        [
          artifact({
            aliases: ['old-a'],
            sha256: hex.toUpperCase(),
            size: 7,
            labels: { model: 'm', 'two words': 'yes: #1' },
          }),
          artifact({
            id: 'b',
            file: 'b.yaml',
            kind: 'config',
            sources: [],
            required: false,
            metadata: { n: [1, { x: null }], 'k: y': {} },
          }),
        ],
        {
          license: 'MIT',
          homepage: 'https://example.org/',
          description: 'two\nlines: "quoted"\u2028',
          metadata: { a: { b: ['c', true] } },
        },
      ),
    );
    expect(made.findings).toEqual([]);
    expect(parsed(made)).toMatchObject({
      license: 'MIT',
      description: 'two\nlines: "quoted"\u2028',
      metadata: { a: { b: ['c', true] } },
      artifacts: [
        { id: 'a', aliases: ['old-a'], sha256: { hex }, size: 7, labels: { model: 'm', 'two words': 'yes: #1' } },
        { id: 'b', required: false, sources: [], metadata: { n: [1, { x: null }], 'k: y': {} } },
      ],
    });
  });

  it('leaves out what cannot be, each with a finding, and nothing else', () => {
    const made = compose(
      manifest([
        artifact({ id: 'up', file: '../up.bin' }),
        artifact({ id: 'root', file: '/etc/passwd' }),
        artifact({ id: 'device', file: 'nul.bin' }),
        artifact({ id: 'no/id', file: 'id.bin' }),
        artifact({ id: 'sums', file: 'SHA256SUMS' }),
        artifact({ id: '__proto__', file: 'p.bin' }),
        artifact({ id: 'toString', file: 'constructor' }),
        artifact(),
        artifact({ id: 'A', file: 'A.bin' }),
        artifact({ file: 'other.bin' }),
        artifact({ id: 'below', file: 'a.bin/x' }),
        artifact({ id: 'fine', file: 'fine.bin', aliases: ['a', 'no way', 'fine'] }),
      ]),
    );
    expect(parsed(made).artifacts.map(({ id }) => id)).toEqual(['toString', 'a', 'fine']);
    expect(said(made).sort()).toEqual(
      [
        ...['up file', 'root file', 'device file', 'no/id id', 'sums file', '__proto__ id'],
        ...['A file', 'a id', 'below file', 'fine aliases', 'fine aliases'],
      ]
        .map((rest) => `not-taken ${rest}`)
        .sort(),
    );
  });

  it('never has a credential or a path of one machine, wherever the input has them', () => {
    const signed = 'https://example.org/a.bin?X-Amz-Signature=sealed';
    const metadata: Record<string, Json> = {
      seen: { final_url: signed, note: `see ${signed} here`, kept: 'yes' },
      list: ['https://user:sealed@example.org/', 'x'],
      local: '/home/somebody/w.bin',
      windows: 'C:\\Users\\somebody',
    };
    const made = compose(
      manifest(
        [artifact({ sources: [signed, 'https://example.org/a.bin', 'https://u:sealed@example.org/a'], metadata })],
        {
          homepage: 'https://example.org/?token=sealed',
          metadata: { url: `${signed}#x` },
        },
      ),
    );
    expect(JSON.stringify(made)).not.toMatch(/sealed|somebody/);
    expect(parsed(made).artifacts[0]).toMatchObject({
      sources: [{ uri: 'https://example.org/a.bin' }],
      metadata: { seen: { kept: 'yes' }, list: ['x'] },
    });
    expect(said(made).filter((each) => each.startsWith('signed-url'))).toHaveLength(6);
  });

  it('has no digest, size, licence, kind or metadata that the parser would refuse', () => {
    const made = compose(
      manifest(
        [
          artifact({ id: 'p', file: 'p', sha256: '<to_be_calculated>', size: 1.5, kind: 'two words' }),
          artifact({ id: 'm', file: 'm', sha256: hex.slice(0, 32), size: -1 }),
          artifact({
            id: 'e',
            file: 'e',
            sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
            size: 9,
          }),
          artifact({
            id: 'big',
            file: 'big',
            metadata: { big: 'x'.repeat(70_000), n: 2 ** 60, kept: 1, nan: Number.NaN },
          }),
        ],
        { license: 'no licence', homepage: 'ftp://example.org' },
      ),
    );
    expect(said(made)).toEqual([
      ...['not-taken c license', 'not-taken c homepage'],
      ...['not-taken p kind', 'missing-size p size', 'placeholder p sha256'],
      ...['missing-size m size', 'missing-digest m sha256', 'conflict e size'],
      ...['not-taken big metadata.n', 'not-taken big metadata.nan', 'not-taken big metadata.big'],
    ]);
    expect(parsed(made).artifacts.map(({ sha256, metadata }) => [sha256, metadata])).toEqual([
      ...[
        [undefined, undefined],
        [undefined, undefined],
        [undefined, undefined],
      ],
      [undefined, { kept: 1 }],
    ]);
  });

  it('gets sources from source-base where it has none that can be used', () => {
    const artifacts = [
      artifact({ file: 'x/a b.bin', sources: ['https://github.com/YOUR_USERNAME/r/a.bin'] }),
      artifact({ id: 'b', file: 'b.bin' }),
    ];
    const base = 'https://example.org/{collection}/{version}/{file}';
    const made = parsed(compose(manifest(artifacts), undefined, { 'source-base': base }));
    expect(made.artifacts.map(({ sources }) => sources.map(({ uri }) => uri))).toEqual([
      ['https://example.org/c/1.0.0/x/a%20b.bin', 'https://github.com/YOUR_USERNAME/r/a.bin'],
      ['https://example.org/a.bin'],
    ]);
    const other = (template: string) => () => compose(manifest(artifacts), undefined, { 'source-base': template });
    expect(other('https://example.org/{nothing}')).toThrow('{nothing} is not known');
    expect(other('https://example.org/?sig=sealed')).toThrow(/credential \(its parameter sig\)/);
  });

  it('says which names are missing, or cannot be', () => {
    const nameless = manifest([artifact()], { collection: undefined, version: undefined });
    expect(() => compose(nameless)).toThrow('which collection and version this is');
    expect(() => compose(nameless, undefined, { collection: '../x', version: '1.0.0' })).toThrow('lower-case');
    expect(() => compose(nameless, undefined, { collection: 'c', version: 'latest' })).toThrow('reserved');
    expect(() => compose(manifest([artifact()]), undefined, { license: 'Mine' })).toThrow('SPDX');
  });

  it('is nothing when nothing is left, and at most as long as a manifest may be', () => {
    expect(compose(manifest([artifact({ file: '..' })])).text).toBeUndefined();
    const many = Array.from({ length: 25_010 }, (_, at) => artifact({ id: `a${at}`, file: `${at}.bin`, sources: [] }));
    const made = compose(manifest(many));
    expect(made.findings).toHaveLength(10);
    // Parsing as many takes seconds, and other tests do it.
    expect(made.text?.match(/^ {2}- id: /gm)).toHaveLength(25_000);
  });
});

describe('whatever the input holds', () => {
  const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      '',
      '..',
      '__proto__',
      'null',
      '1e3',
      '0x1F',
      '- a',
      'a: b',
      '#',
      '<<',
      '~',
      'yes',
      '\ud800',
      'a\nb',
      '*x',
      '&y',
    ),
  );
  const imported = fc.record({
    id: fc.oneof(text, fc.constantFrom('a', 'b', 'c')),
    aliases: fc.array(text, { maxLength: 2 }),
    kind: text,
    file: fc.oneof(text, fc.constantFrom('a', 'b', 'c', 'a/b')),
    sources: fc.array(fc.oneof(text, fc.constantFrom('https://example.org/x', 'file:x', 'MISSING')), { maxLength: 3 }),
    required: fc.boolean(),
    labels: fc.dictionary(text, text, { maxKeys: 2 }),
    metadata: fc.dictionary(text, json, { maxKeys: 2 }),
  });

  it('the manifest parses, and importing the same again changes no byte of it', () => {
    fc.assert(
      fc.property(
        fc.array(imported, { maxLength: 4 }),
        fc.dictionary(text, json, { maxKeys: 2 }),
        text,
        (all, metadata, description) => {
          const input = manifest([...all, artifact({ id: 'last', file: 'last' })], { metadata, description });
          const { text: first } = compose(input);
          expect(compose(input, first).text).toBe(first);
        },
      ),
      { numRuns: 150 },
    );
  });
});
