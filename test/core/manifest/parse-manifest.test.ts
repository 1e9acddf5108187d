import { describe, expect, it } from 'vitest';
import { InvalidFile, type Problem } from '../../../lib/core/errors.ts';
import { equalDigests } from '../../../lib/core/manifest/equal-digests.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';

const digest = 'b3808a0c4b1f6f1f0c6f0a3e5d2c7b8a99e1d2f3a4b5c6d7e8f9a0b1c2d3e4f5';
const head = 'weighbridge: 1\ncollection: tiny\nversion: 1.0.0\naccess: public\n';
const valid = `${head}artifacts:
  - id: vae
    file: vae.ckpt
    source: https://example.org/vae.ckpt
    sha256: ${digest}
`;

function problemsOf(input: string | Uint8Array, options: object = {}): readonly Problem[] {
  try {
    return parseManifest(input, { file: 'm.yaml', ...options }).problems;
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    return error.problems;
  }
}

function places(problems: readonly Problem[]): string[] {
  return problems.map(({ line, column, field, message }) => `${line}:${column} ${field}: ${message}`);
}

describe('what a manifest says', () => {
  it('is read with its defaults', () => {
    expect(parseManifest(valid, { file: 'm.yaml' }).manifest).toEqual({
      collection: 'tiny',
      version: '1.0.0',
      versioning: 'semver',
      access: 'public',
      license: undefined,
      homepage: undefined,
      description: undefined,
      metadata: undefined,
      artifacts: [
        {
          id: 'vae',
          aliases: [],
          kind: 'file',
          file: 'vae.ckpt',
          sources: [
            { scheme: 'https', uri: 'https://example.org/vae.ckpt', url: new URL('https://example.org/vae.ckpt') },
          ],
          sha256: expect.objectContaining({ hex: digest }),
          size: undefined,
          digestFrom: 'declared',
          required: true,
          labels: {},
          metadata: undefined,
        },
      ],
    });
  });

  it('is the same in quick and in full reading, and in JSON', () => {
    const quick = parseManifest(valid, { file: 'm.yaml' }).manifest;
    const full = parseManifest(valid.replace('tiny', '"ti\\u006ey"'), { file: 'm.yaml' }).manifest;
    const artifact = { id: 'vae', file: 'vae.ckpt', source: 'https://example.org/vae.ckpt', sha256: digest };
    const data = { weighbridge: 1, collection: 'tiny', version: '1.0.0', access: 'public', artifacts: [artifact] };
    expect(full).toEqual(quick);
    expect(parseManifest(JSON.stringify(data), { file: 'm.json' }).manifest).toEqual(quick);
    expect(parseManifest(JSON.stringify(data, null, '\t'), { file: 'm.json' }).manifest).toEqual(quick);
  });

  it('takes the file from the sources when they end in one name', () => {
    const text = valid.replace('    file: vae.ckpt\n', '').replace('/vae.ckpt', '/a/my%20vae.ckpt');
    expect(parseManifest(text, { file: 'm.yaml' }).manifest.artifacts[0]?.file).toBe('my vae.ckpt');
  });

  it('comes with a document whose ranges fit the text', () => {
    const { document, text } = parseManifest(`\ufeff# note\n${valid}`, { file: 'm.yaml' });
    const node = document.getIn(['artifacts', 0, 'sha256'], true) as { range: [number, number, number] };
    expect(text.slice(node.range[0], node.range[1])).toBe(digest);
  });

  it('counts a placeholder digest as absent before lock, and only then', () => {
    const text = valid.replace(digest, 'PENDING');
    expect(places(problemsOf(text))).toEqual([
      expect.stringContaining('9:13 artifacts[0].sha256: this is a placeholder'),
    ]);
    const parsed = parseManifest(text, { file: 'm.yaml', beforeLock: true });
    expect(parsed.manifest.artifacts[0]?.sha256).toBeUndefined();
    expect(parseManifest(valid.replace(digest, ''), { file: 'm.yaml', beforeLock: true }).problems).toHaveLength(1);
    expect(() => parseManifest(valid.replace(digest, 'abc'), { file: 'm.yaml', beforeLock: true })).toThrow(
      InvalidFile,
    );
  });

  it('takes placeholder patterns of the configuration', () => {
    const parsed = parseManifest(valid, { file: 'm.yaml', placeholders: ['example.org'] });
    expect(parsed.manifest.artifacts[0]?.sources[0]).toMatchObject({ scheme: 'placeholder', pattern: 'example.org' });
  });

  it('names equal digests once for all ids that share them', () => {
    const twin = `  - { id: b, file: b, sources: [], sha256: ${digest} }\n  - { id: c, file: c, sources: [], sha256: ${digest} }\n`;
    const { manifest } = parseManifest(valid + twin, { file: 'm.yaml' });
    expect(equalDigests(manifest)).toEqual([{ sha256: digest, ids: ['vae', 'b', 'c'] }]);
    expect(equalDigests(parseManifest(valid, { file: 'm.yaml' }).manifest)).toEqual([]);
  });
});

describe('the bytes of a manifest', () => {
  it('may begin with a byte order mark and end lines as Windows does, with the same places', () => {
    const wrong = valid.replace('public', 'open');
    const expected = ['4:9 access: write public or private'];
    expect(places(problemsOf(wrong))).toEqual(expected);
    expect(places(problemsOf(`\ufeff${wrong}`))).toEqual(expected);
    expect(places(problemsOf(Buffer.from(`\ufeff${wrong}`)))).toEqual(expected);
    expect(places(problemsOf(wrong.replaceAll('\n', '\r\n')))).toEqual(expected);
    expect(problemsOf(valid.replaceAll('\n', '\r\n'))).toEqual([]);
  });

  it('are UTF-8, and the first byte that is not is named', () => {
    const bytes = Buffer.concat([Buffer.from(`${head}license: "é`), Buffer.from([0xe9]), Buffer.from(`"\n${valid}`)]);
    expect(places(problemsOf(bytes))).toEqual(['5:12 : the file is not UTF-8 from here on; save it as UTF-8']);
    expect(places(problemsOf(Buffer.from([0xc3])))).toEqual([
      '1:1 : the file is not UTF-8 from here on; save it as UTF-8',
    ]);
    expect(places(problemsOf(Buffer.from(`\ufeff${valid}`, 'utf16le')))).toEqual([
      '1:1 : the file is UTF-16; save it as UTF-8',
    ]);
  });

  it('hold no NUL', () => {
    expect(places(problemsOf(valid.replace('tiny', 'ti\0ny')))).toEqual([
      '2:15 : the file holds a NUL character; it is not text',
    ]);
  });

  it('are at most 16 MiB', () => {
    const bytes = Buffer.alloc(16 * 1024 * 1024 + 1, ' ');
    expect(places(problemsOf(bytes))).toEqual(['1:1 : the file has 16777217 bytes; at most 16777216 are read']);
  });

  const bombs = ['[', '{a: ', '- ', '? ', ': ', '&a ', '*a ', '!a ', '-\n', '---\n'];
  for (const bomb of bombs) {
    it(`are refused early when they are nothing but ${JSON.stringify(bomb)}`, () => {
      const problems = problemsOf(bomb.repeat((1024 * 1024) / bomb.length));
      expect(problems).not.toHaveLength(0);
      expect(problems.length).toBeLessThan(1100);
    });
  }

  it('are refused when they go down like stairs', () => {
    const stairs = Array.from({ length: 4000 }, (_, index) => `${' '.repeat(index)}a:\n`).join('');
    expect(places(problemsOf(stairs))).toEqual([expect.stringContaining('values are nested more than 64 deep here')]);
  });

  it('are bounded in what they may name', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `k${index}: 1`).join(', ');
    const unknown = problemsOf(`{ ${many} }`);
    expect(unknown.map(({ message }) => message)).toContain('4980 more unknown fields');
    expect(unknown).toHaveLength(26);
    const labels = problemsOf(`${valid}    labels: { ${many} }\n`);
    expect(labels.map(({ message }) => message)).toContain('an artifact has at most 100 labels');
    const artifacts = Array.from(
      { length: 25_001 },
      (_, index) => `  - { id: a${index}, file: f${index}, sources: [] }\n`,
    );
    expect(
      problemsOf(`${head}artifacts:\n${artifacts.join('')}`).filter(({ severity }) => severity === 'error'),
    ).toEqual([expect.objectContaining({ field: 'artifacts', line: 6, column: 3 })]);
  });

  it('carry metadata of at most 64 KiB', () => {
    const fitting = (size: number) => `${valid}metadata: { text: "${'x'.repeat(size - '{"text":""}'.length)}" }\n`;
    expect(problemsOf(fitting(65_536))).toEqual([]);
    expect(places(problemsOf(fitting(65_537)))).toEqual([
      '10:1 metadata: metadata has at most 65536 bytes as JSON; this has 65537',
    ]);
  });
});

describe('ten thousand artifacts', () => {
  const lines = (index: number) =>
    `  - id: a${index}\n    file: d/${index}.bin\n    source: file:d/${index}.bin\n    sha256: ${String(index).padStart(64, 'a')}\n    size: ${index + 1}\n`;
  const text = `${head}artifacts:\n${Array.from({ length: 10_000 }, (_, index) => lines(index)).join('')}`;

  it('are read', () => {
    const { manifest, problems } = parseManifest(text, { file: 'm.yaml' });
    expect(manifest.artifacts).toHaveLength(10_000);
    expect(problems).toEqual([]);
  });

  it('with one mistake each have ten thousand places', () => {
    const problems = problemsOf(text.replaceAll('size: ', 'size: -'));
    expect(problems).toHaveLength(10_000);
    expect(problems.at(-1)).toMatchObject({ line: 50_005, column: 11, field: 'artifacts[9999].size', value: '-10000' });
  });
});
