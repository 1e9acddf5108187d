import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Publication } from '../../../lib/core/import/importer.ts';
import { falconeyePatch } from '../../../lib/core/import/systems/falconeye-patch.ts';
import { artifactsOf, findingKeys, runImport } from '../run-import.ts';
import { lfsPointer, weights, weightsManifest, weightsUrls } from './weight-files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weighbridge-falconeye-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function importFiles(
  files: Readonly<Record<string, string>>,
  input: string,
  settings: Record<string, string> = {},
  placeholders: readonly string[] = [],
) {
  await mkdir(join(directory, 'weights'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return await runImport({ kind: 'falconeye-weights', directory, input, settings, placeholders });
}

const manifest = { 'weights/manifest.json': weightsManifest() };
const urls = { 'WEIGHTS_URLS.json': weightsUrls() };
const pointers = Object.fromEntries(weights.map((weight) => [`weights/${weight.name}`, lfsPointer(weight)]));

describe('FalconEye: the weights manifest becomes a manifest', () => {
  it('FE-1 takes nine entries with their digests over, and names nine URLs that are no usable source', async () => {
    const result = await importFiles(manifest, 'weights/manifest.json');
    expect(artifactsOf(result).map(({ id, file, sha256 }) => ({ id, file, sha256 }))).toEqual(
      weights.map(({ name, sha256 }) => ({ id: name, file: name, sha256 })),
    );
    expect(
      artifactsOf(result).every(({ required, size, metadata }) => required && size === undefined && metadata?.size_mb),
    ).toBe(true);
    const placeholders = result.findings.filter(({ kind }) => kind === 'placeholder');
    expect(placeholders).toHaveLength(9);
    expect(placeholders[0]?.message).toMatch(/no usable source: .*YOUR_USERNAME/u);
    expect(result.manifests[0]).toMatchObject({ collection: 'example-detect', version: '1.0.0' });
  });

  it('FE-1 takes the list of URLs over, whose files are optional and have no digest', async () => {
    const result = await importFiles(urls, 'WEIGHTS_URLS.json');
    expect(artifactsOf(result)).toHaveLength(9);
    expect(artifactsOf(result).some(({ required }) => required)).toBe(false);
    expect(findingKeys(result.findings, 'missing-digest')).toHaveLength(9);
    expect(findingKeys(result.findings, 'missing-size')).toHaveLength(9);
  });

  it('FE-1 names the tags that the two files disagree about, and who is required in which', async () => {
    const result = await importFiles({ ...manifest, ...urls }, 'weights/manifest.json', { urls: 'WEIGHTS_URLS.json' });
    const conflicts = result.findings.filter(({ kind }) => kind === 'conflict');
    expect(conflicts[0]?.message).toBe('the release is v1.0.0 in weights/manifest.json and v1.0 in WEIGHTS_URLS.json');
    expect(conflicts).toHaveLength(10);
    expect(artifactsOf(result).every(({ required }) => required)).toBe(true);
  });

  it('FE-1 takes null and missing fields, and refuses names with folders', async () => {
    const entries = { 'a.pt': { url: null, checksum: null }, 'b.pt': {}, 'c.pt': null, '../d.pt': {}, 'e\\f.pt': {} };
    const result = await importFiles(
      { 'm.json': JSON.stringify({ weights: entries }).replaceAll(',', ',\r\n') },
      'm.json',
    );
    expect(artifactsOf(result).map(({ id }) => id)).toEqual(['a.pt', 'b.pt', 'c.pt']);
    expect(findingKeys(result.findings, 'not-taken')).toEqual(['../d.pt', 'e\\f.pt']);
    expect(findingKeys(result.findings, 'absent-source')).toHaveLength(3);
  });

  it('FE-1 takes no checksum of another algorithm for a SHA-256', async () => {
    const entry = {
      url: 'https://files.example.org/a.pt',
      checksum: 'd41d8cd98f00b204e9800998ecf8427e',
      algorithm: 'md5',
    };
    const result = await importFiles({ 'm.json': JSON.stringify({ weights: { 'a.pt': entry } }) }, 'm.json');
    expect(artifactsOf(result)[0]?.sha256).toBeUndefined();
    expect(findingKeys(result.findings, 'missing-digest')).toContain('a.pt algorithm');
  });

  it('FE-2 takes exact sizes from Git LFS pointers, and digests where the list has none', async () => {
    const fromManifest = await importFiles({ ...manifest, ...pointers }, 'weights/manifest.json', {
      pointers: 'weights',
    });
    const fromUrls = await importFiles(urls, 'WEIGHTS_URLS.json', { pointers: 'weights' });
    for (const result of [fromManifest, fromUrls]) {
      expect(artifactsOf(result).map(({ id, sha256, size }) => ({ name: id, sha256, size }))).toEqual(
        weights.map(({ name, sha256, size }) => ({ name, sha256, size })),
      );
      expect(findingKeys(result.findings, 'missing-size')).toEqual([]);
    }
  });

  it('FE-2 takes neither digest when manifest and pointer differ, and names pointers that no entry has', async () => {
    const [first] = weights;
    const other = { ...pointers, [`weights/${first?.name}`]: lfsPointer({ sha256: 'ef'.repeat(32), size: 5 }) };
    const extra = { 'weights/extra.pt': lfsPointer({ sha256: 'ab'.repeat(32), size: 7 }) };
    const result = await importFiles({ ...manifest, ...other, ...extra }, 'weights/manifest.json', {
      pointers: 'weights',
    });
    expect(artifactsOf(result)[0]).toMatchObject({ id: first?.name });
    expect(artifactsOf(result)[0]).not.toHaveProperty('sha256');
    expect(findingKeys(result.findings, 'conflict')).toEqual([`${first?.name} checksum`]);
    expect(findingKeys(result.findings, 'suggestion')).toEqual(['extra.pt']);
  });

  it('FE-9 takes more placeholder texts from the configuration', async () => {
    const entries = {
      'a.pt': { url: 'https://files.example.org/TEAM_NAME/a.pt' },
      'b.pt': { url: 'https://files.example.org/b.pt' },
    };
    const file = { 'm.json': JSON.stringify({ weights: entries }) };
    expect(findingKeys((await importFiles(file, 'm.json')).findings, 'placeholder')).toEqual([]);
    const configured = await importFiles(file, 'm.json', {}, ['TEAM_NAME']);
    expect(findingKeys(configured.findings, 'placeholder')).toEqual(['a.pt url']);
  });
});

describe('FalconEye: the weights manifest is written to', () => {
  const publications = weights.map(
    ({ name, sha256, size }): Publication => ({
      ...{ id: name, labels: {}, fileName: name, sha256, size },
      url: `https://mirror.example.org/example-detect/1.0.0/${name}`,
    }),
  );

  it('changes URLs where size and digest are right already, and no other byte', () => {
    const before = weightsManifest();
    const { text, changed } = falconeyePatch.apply(before, publications);
    expect(changed).toEqual(weights.map(({ name }) => name));
    const anyUrl = (all: string) => all.replace(/"url": "[^"]*"/gu, '"url": ""');
    expect(anyUrl(text)).toBe(anyUrl(before));
    expect(falconeyePatch.apply(text, publications)).toEqual({ text, changed: [], unknown: [] });
  });

  it('adds no digests to a list that has only URLs', () => {
    const { text } = falconeyePatch.apply(weightsUrls(), publications.slice(0, 1));
    expect(Object.keys(JSON.parse(text).weights[weights[0]?.name ?? ''])).toEqual(['url', 'size_mb', 'required']);
  });
});
