import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Publication } from '../../../lib/core/import/importer.ts';
import { stemsepRegistryPatch } from '../../../lib/core/import/systems/stemsep-registry-patch.ts';
import { artifactsOf, findingKeys, runImport } from '../run-import.ts';
import {
  aliasFile,
  fetchReport,
  januaryShape,
  jsonText,
  linkAudit,
  linkFixes,
  marchShape,
  registryFile,
  runtimeCatalog,
  suggestions,
  uploadManifest,
} from './stemsep-files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weighbridge-stemsep-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const upstream = 'https://files.example.org';

async function write(files: Readonly<Record<string, object | string>>): Promise<void> {
  for (const [name, value] of Object.entries(files)) {
    await writeFile(join(directory, name), typeof value === 'string' ? value : jsonText(value));
  }
}

async function importManifest(companions: Readonly<Record<string, object>>, settings: Record<string, string> = {}) {
  await write({ 'manifest.json': uploadManifest() });
  for (const [name, value] of Object.entries(companions)) await write({ [`${name}.json`]: value });
  const files = Object.fromEntries(Object.keys(companions).map((name) => [name, `${name}.json`]));
  const kind = 'stemsep-upload-manifest';
  return await runImport({ kind, directory, input: 'manifest.json', settings: { ...files, ...settings } });
}

async function importRegistry(file: object | string, settings: Record<string, string> = {}) {
  await write({ 'models.json': file });
  return await runImport({ kind: 'stemsep-registry', directory, input: 'models.json', settings });
}

function oneModel(model: object): object {
  return { version: '2.0', models: [model] };
}

describe('StemSep: what the registry and its companions say becomes a manifest', () => {
  it('SS-1 takes 31 models with 43 needs over, and names the link that is MISSING', async () => {
    const result = await importManifest({});
    expect(result.figures).toMatchObject({ models: 31, needs: 43, 'checkpoint needs': 22, 'config needs': 21 });
    expect(artifactsOf(result)).toHaveLength(43);
    expect(findingKeys(result.findings, 'placeholder')).toEqual(['voice-001 checkpoint sources']);
    expect(findingKeys(result.findings, 'missing-digest')).toHaveLength(43);
    expect(result.manifests[0]).toMatchObject({ collection: 'example-models', version: 'models-v2-2026-01-01' });
  });

  it('SS-1 takes registries of 67 and of 114 models over, and names what each of them lacks', async () => {
    const january = await importRegistry(registryFile(januaryShape));
    expect(january.figures).toMatchObject({ models: 67, checkpoints: 67, configs: 57, 'with a digest': 0 });
    expect(findingKeys(january.findings, 'placeholder')).toHaveLength(3);
    expect(findingKeys(january.findings, 'absent-source')).toHaveLength(10);
    expect(findingKeys(january.findings, 'conflict')).toEqual([
      'voice-001 config artifacts.config',
      'voice-002 config artifacts.config',
    ]);
    expect(findingKeys(january.findings, 'missing-digest')).toHaveLength(124);
    const march = await importRegistry(registryFile(marchShape));
    expect(march.figures).toMatchObject({ models: 114, 'models without checkpoint link': 19 });
    expect(march.figures).toMatchObject({ 'models without artifacts': 29, checkpoints: 95, configs: 87 });
  });

  it('SS-1 loses no field: what a manifest has no place for is its metadata', async () => {
    const model = {
      id: 'voice',
      links: { checkpoint: `${upstream}/v.ckpt`, config: null, homepage: 'https://example.org' },
    };
    const { manifests } = await importRegistry({
      ...oneModel({ ...model, newField: { deep: [1, null] } }),
      revision: 7,
    });
    expect(manifests[0]?.metadata).toEqual({ version: '2.0', revision: 7 });
    expect(manifests[0]?.artifacts[0]?.metadata).toEqual({
      newField: { deep: [1, null] },
      links: { homepage: 'https://example.org' },
    });
  });

  it('SS-1 goes on behind models that are no models: without an id, null, twice', async () => {
    const links = { checkpoint: `${upstream}/v.ckpt` };
    const models = [null, { links }, 'text', { id: 'voice', links }, { id: 'voice', links }, { id: 'other' }];
    const result = await importRegistry({ models });
    expect(artifactsOf(result).map(({ id }) => id)).toEqual(['voice']);
    expect(findingKeys(result.findings, 'not-taken')).toEqual([
      ...['models[0] id', 'models[1] id', 'models[2] id'],
      'voice checkpoint',
    ]);
  });

  it('SS-2 names files after their model, with an ending of the configurable set', async () => {
    const model = (id: string, name: string) => ({
      id,
      links: { checkpoint: `${upstream}/${name}`, config: `${upstream}/c.yml` },
    });
    const registry = { models: [model('a', 'x.onnx'), model('b', 'x.chpt'), model('Cc', 'x.CKPT')] };
    const files = async (settings: Record<string, string>) =>
      artifactsOf(await importRegistry(registry, settings)).map(({ file }) => file);
    expect(await files({})).toEqual(['a.onnx', 'a.yaml', 'b.ckpt', 'b.yaml', 'Cc.ckpt', 'Cc.yaml']);
    expect(await files({ extensions: '.pth,.chpt' })).toEqual([
      'a.pth',
      'a.yaml',
      'b.chpt',
      'b.yaml',
      'Cc.pth',
      'Cc.yaml',
    ]);
  });

  it('SS-2 gives no two models one name, and refuses names that lead elsewhere', async () => {
    const links = { checkpoint: `${upstream}/v.ckpt` };
    const ids = ['voice', 'Voice', '../escape', 'a/b', 'a\\b', 'a..b', 'C:\\models\\x'];
    const result = await importRegistry({ models: ids.map((id) => ({ id, links })) });
    expect(artifactsOf(result).map(({ file }) => file)).toEqual(['voice.ckpt']);
    expect(findingKeys(result.findings, 'not-taken')).toHaveLength(6);

    const need = (filename: string) => ({ kind: 'checkpoint', filename });
    const models = ['../escape.ckpt', 'dir\\x.ckpt', 'm3.ckpt'].map((filename, index) => ({
      ...{ model_id: `m${index + 1}`, needs: [need(filename)], sources: [] },
    }));
    await write({ 'bad.json': { models } });
    const bad = await runImport({ kind: 'stemsep-upload-manifest', directory, input: 'bad.json' });
    expect(artifactsOf(bad).map(({ file }) => file)).toEqual(['m3.ckpt']);
  });

  it('SS-3 puts candidates in order: fixes by hand, what the audit saw, moves that were asked for', async () => {
    const fixed = { model: 'voice-002', kind: 'checkpoint', url: `${upstream}/by-hand.ckpt` } as const;
    const companions = { fixes: linkFixes([fixed]), audit: linkAudit(upstream), suggestions: suggestions() };
    const result = await importManifest(companions, { moves: 'exact' });
    expect(artifactsOf(result).find(({ id }) => id === 'voice-002')?.sources).toEqual([
      `${upstream}/by-hand.ckpt`,
      `${upstream}/voice-002.ckpt`,
      'hf://example-org/gone@main/models/voice-002.ckpt',
    ]);
  });

  it('SS-8 finds a source for 42 of 43 needs in the audit, and for the last one by its alias', async () => {
    const result = await importManifest({ audit: linkAudit(upstream) });
    expect(result.figures).toMatchObject({ 'with a source': 42, 'without a source': 1 });
    expect(artifactsOf(result).find(({ sources }) => sources.length === 0)?.id).toBe('voice-001');
    const aliases = aliasFile({ 'voice-001+': 'voice-001' });
    const aliased = await importManifest({ audit: linkAudit(upstream), aliases });
    expect(aliased.figures).toMatchObject({ 'with a source': 43, 'without a source': 0 });
    expect(artifactsOf(aliased).find(({ id }) => id === 'voice-001')?.aliases).toEqual(['voice-001+']);
  });

  it('SS-8 says that the audit counts otherwise than its header', async () => {
    const { findings } = await importManifest({ audit: linkAudit(upstream) });
    const header = findings.filter(({ kind, subject }) => kind === 'conflict' && subject === 'audit.json');
    expect(header.map(({ message }) => message)).toEqual([
      'the header says 94, the rows are 132',
      'the header says 94, the rows are 93',
    ]);
  });

  it('SS-8 takes the counts of a fetch report, and its digests for no proof unless they are asked for', async () => {
    const companions = { audit: linkAudit(upstream), report: fetchReport() };
    const result = await importManifest(companions);
    expect(result.figures).toMatchObject({
      'report: staged already': 34,
      'report: downloaded': 8,
      'report: unresolved': 1,
    });
    expect(artifactsOf(result).every(({ sha256 }) => sha256 === undefined)).toBe(true);
    expect(findingKeys(result.findings, 'claim')).toContain('report.json sha256');
    expect(findingKeys(result.findings, 'conflict')).toContain('voice-002 checkpoint sha256');
    const expecting = await importManifest(companions, { 'report-digests': 'expect' });
    const proven = artifactsOf(expecting).filter(({ sha256 }) => sha256 !== undefined);
    expect(proven).toHaveLength(42);
    expect(proven.every(({ digestFrom }) => digestFrom === 'computed')).toBe(true);
  });

  it('SS-9 lets no signed address through, neither from an audit nor from a link', async () => {
    const audited = await importManifest({ audit: linkAudit(upstream) });
    const links = ['X-Amz-Signature=a', 'sig=b', 'jwt=c', 'Expires=1&Signature=d'].map((query, index) => ({
      ...{ id: `m${index}`, links: { checkpoint: `${upstream}/m.ckpt?${query}`, config: null } },
    }));
    const registry = await importRegistry({ models: links });
    expect(findingKeys(registry.findings, 'signed-url')).toHaveLength(4);
    expect(findingKeys(audited.findings, 'signed-url')).toEqual(['audit.json final_url']);
    expect(JSON.stringify([audited, registry])).not.toMatch(/X-Amz-Signature=|sig=|jwt=|Signature=d|0123456789abcdef/u);
  });

  it('SS-10 applies no suggestion unasked, takes only moves when asked, offers no other file type', async () => {
    const unasked = await importManifest({ suggestions: suggestions() });
    expect(unasked.figures).toMatchObject({ 'with a source': 0, suggestions: 14 });
    expect(findingKeys(unasked.findings, 'suggestion')).toHaveLength(11);
    const otherType = unasked.findings.filter(({ kind, field }) => kind === 'not-taken' && field === 'best_match_path');
    expect(otherType).toHaveLength(3);
    expect(JSON.stringify(otherType)).not.toContain('.yaml');
    const moved = await importManifest({ suggestions: suggestions() }, { moves: 'exact' });
    expect(moved.figures).toMatchObject({ 'with a source': 4 });
    expect(findingKeys(moved.findings, 'suggestion')).toHaveLength(7);
    await expect(importManifest({ suggestions: suggestions() }, { moves: 'fuzzy' })).rejects.toThrow(
      /moves is "exact"/u,
    );
  });

  it('SS-10 takes a page for no file: a share, a site, a folder', async () => {
    const pages = ['https://drive.google.com/file/d/1/view', 'https://drive.proton.me/urls/A#b', 'https://mvsep.com'];
    const models = pages.map((checkpoint, index) => ({ id: `m${index}`, links: { checkpoint } }));
    const result = await importRegistry({ models });
    expect(artifactsOf(result).map(({ sources }) => sources)).toEqual([[], [], []]);
    expect(findingKeys(result.findings, 'not-taken')).toHaveLength(3);
  });
});

describe('StemSep: the runtime catalog becomes a manifest', () => {
  it('takes sources by priority and paths as installed, but neither sizes nor what is called verified', async () => {
    const result = await importRegistry(runtimeCatalog());
    expect(artifactsOf(result)).toMatchObject([
      {
        id: 'voice',
        file: 'family/voice/voice.ckpt',
        sources: [expect.stringContaining('/v.ckpt'), `${upstream}/second`],
      },
      { id: 'voice.config', file: 'family/voice/voice.yaml', sources: [], sha256: 'ab'.repeat(32) },
    ]);
    expect(artifactsOf(result).some(({ size }) => size !== undefined)).toBe(false);
    expect(findingKeys(result.findings, 'claim')).toEqual(['voice checkpoint sources', 'voice config sources']);
    expect(findingKeys(result.findings, 'not-taken')).toEqual(['voice config sources', 'voice config-2']);
    expect(findingKeys(result.findings, 'absent-source')).toContain('page download.artifacts');
  });

  it('is not written to: its signature would no longer hold', () => {
    expect(() => stemsepRegistryPatch.apply(jsonText(runtimeCatalog()), [])).toThrow(
      expect.objectContaining({ name: 'InvalidFile' }),
    );
  });
});

describe('StemSep: the registry is written to', () => {
  const digest = 'ab'.repeat(32);
  const publication = (id: string, model: string, fileName: string): Publication => ({
    ...{ id, labels: { model }, fileName, sha256: digest, size: 1234 },
    url: `https://mirror.example.org/models/1.0.0/${fileName}`,
  });
  const both = [
    publication('voice-001', 'voice-001', 'voice-001.ckpt'),
    publication('voice-001.config', 'voice-001', 'voice-001.yaml'),
  ];

  it.each(['\n', '\r\n'] as const)(
    'SS-12 changes the links, names and digests of its entries and no other byte (%j)',
    (eol) => {
      const before = jsonText(registryFile(januaryShape), eol);
      const { text, changed, unknown } = stemsepRegistryPatch.apply(before, [
        ...both,
        publication('none', 'none', 'n.ckpt'),
      ]);
      expect(changed).toEqual(['voice-001 checkpoint', 'voice-001 config']);
      expect(unknown).toEqual(['none']);
      const [old, now] = [before, text].map((each) => each.split(`{${eol}      "id": `));
      expect(now?.[0]).toBe(old?.[0]);
      expect(now?.slice(2)).toEqual(old?.slice(2));
      expect(JSON.parse(text).models[0]).toMatchObject({
        links: { checkpoint: both[0]?.url, config: both[1]?.url, homepage: null },
        artifacts: {
          primary: { kind: 'checkpoint', filename: 'voice-001.ckpt', sha256: digest },
          config: { kind: 'config', filename: 'voice-001.yaml', sha256: digest },
        },
      });
      expect(
        text
          .split('\n')
          .every((line, index, all) => index === all.length - 1 || line.endsWith('\r') === (eol === '\r\n')),
      ).toBe(true);
    },
  );

  it('SS-12 is idempotent, also where it had to add what was not there', () => {
    const model = { id: 'voice-001', links: { checkpoint: null } };
    const before = jsonText({ models: [model, { id: 'bare' }] });
    const first = stemsepRegistryPatch.apply(before, [...both, publication('bare', 'bare', 'bare.ckpt')]);
    expect(JSON.parse(first.text).models[1].artifacts.primary.sha256).toBe(digest);
    const second = stemsepRegistryPatch.apply(first.text, [...both, publication('bare', 'bare', 'bare.ckpt')]);
    expect(second).toEqual({ text: first.text, changed: [], unknown: [] });
  });

  it('SS-12 fills a size where an entry has a field for one', () => {
    const primary = { kind: 'checkpoint', filename: 'x', sha256: null, size_bytes: null };
    const { text } = stemsepRegistryPatch.apply(jsonText({ models: [{ id: 'v', artifacts: { primary } }] }), [
      publication('v', 'v', 'v.ckpt'),
    ]);
    expect(JSON.parse(text).models[0].artifacts.primary).toEqual({
      ...{ kind: 'checkpoint', filename: 'v.ckpt', sha256: digest, size_bytes: 1234 },
    });
  });
});
