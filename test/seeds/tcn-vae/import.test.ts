import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { artifactsOf, findingKeys, runImport } from '../run-import.ts';
import { exportedModelConfig, mockFiles, pointerText, releaseMetadata, releaseWeights } from './release-files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weighbridge-tcn-vae-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const folder = 'models/encoder/v0.1.0';

async function importRelease(files: Readonly<Record<string, string>>, settings: Record<string, string> = {}) {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name.includes('/') ? name : `${folder}/${name}`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return await runImport({ kind: 'tcn-vae-release', directory, input: folder, settings });
}

const pointers = Object.fromEntries(releaseWeights.map((weight) => [`edge/${weight.name}`, pointerText(weight)]));
const base = { 'base-url': 'https://files.example.org/dl/v0.1.0/' };

describe('TCN-VAE: a release folder becomes a manifest', () => {
  it('TV-10 takes the metadata of v0.1.0 and two Git LFS pointers over', async () => {
    const result = await importRelease({ ...releaseMetadata(), ...pointers }, { assets: 'edge', ...base });
    expect(result.manifests[0]).toMatchObject({ collection: 'encoder', version: '0.1.0' });
    const files = artifactsOf(result).map(({ file }) => file);
    expect(files).toEqual([
      ...['eval_metrics.json', 'model_card.md', 'model_config.json', 'normalization.json'],
      ...['encoder.pth', 'full_model.pth'],
    ]);
    for (const { name, sha256, size } of releaseWeights) {
      expect(artifactsOf(result).find(({ id }) => id === name)).toMatchObject({
        ...{ kind: 'checkpoint', sha256, size },
        sources: [`https://files.example.org/dl/v0.1.0/${name}`],
      });
    }
    expect(artifactsOf(result)[0]?.sources[0]).toBe(`file:${folder}/eval_metrics.json`);
  });

  it('TV-10 refuses placeholders, mocks, pages and empty files that lie where weights belong', async () => {
    const result = await importRelease({ ...releaseMetadata(), ...mockFiles });
    expect(artifactsOf(result)).toHaveLength(4);
    const refused = result.findings.filter(({ field }) => field === 'content').map(({ subject }) => subject);
    expect(refused).toEqual(Object.keys(mockFiles).sort());
  });

  it('TV-10 takes digests from sha256sum.txt, and names what is listed but not there', async () => {
    const [encoder, full] = releaseWeights;
    const sums = `${encoder.sha256}  ${encoder.name}\r\n${full.sha256} *${full.name}\r\nnonsense\r\n`;
    const result = await importRelease({ ...releaseMetadata(), 'sha256sum.txt': sums });
    expect(
      artifactsOf(result)
        .filter(({ sha256 }) => sha256 !== undefined)
        .map(({ id }) => id),
    ).toEqual([...[encoder.name, full.name]]);
    expect(findingKeys(result.findings, 'absent-source')).toEqual([
      `${encoder.name} sha256sum.txt`,
      `${full.name} sha256sum.txt`,
    ]);
    expect(findingKeys(result.findings, 'not-taken')).toEqual(['sha256sum.txt']);
    const other = `${'ab'.repeat(32)}  ${encoder.name}\n`;
    const differing = await importRelease({ 'sha256sum.txt': other, [encoder.name]: pointerText(encoder) }, base);
    expect(findingKeys(differing.findings, 'conflict')).toContain(`${encoder.name} sha256sum.txt`);
    expect(artifactsOf(differing).find(({ id }) => id === encoder.name)).not.toHaveProperty('sha256');
  });

  it('TV-4 reports 13 activities against 12 scores, and sizes and lists that do not fit', async () => {
    const good = await importRelease(releaseMetadata());
    expect(findingKeys(good.findings, 'conflict')).toEqual(['release activities']);
    const bad = await importRelease(releaseMetadata({ means: 8, latent: 32, version: 'v0.2.0' }));
    expect(findingKeys(bad.findings, 'conflict')).toEqual([
      ...['release version', 'release channels', 'release latent_dim', 'release activities'],
    ]);
  });

  it('TV-4 understands both schemas of model_config.json, and constants that were copied by hand', async () => {
    const config = { 'exported.json': JSON.stringify(exportedModelConfig()) };
    const { 'model_config.json': _, ...metadata } = releaseMetadata();
    const files = {
      ...metadata,
      ...Object.fromEntries(Object.entries(config).map(([name, text]) => [`root/${name}`, text])),
    };
    const result = await importRelease(files, { config: 'root/exported.json' });
    expect(artifactsOf(result).map(({ file }) => file)).toContain('model_config.json');
    expect(findingKeys(result.findings, 'conflict')).toEqual([
      'release activities',
      'release zscore_mean',
      'release accuracy',
    ]);
  });

  it('TV-5 lists what is pending, and takes no tick for a proof', async () => {
    const result = await importRelease(releaseMetadata());
    expect(findingKeys(result.findings, 'placeholder')).toEqual([
      'eval_metrics.json validation_checklist.export_pipeline',
      'eval_metrics.json validation_checklist.integration_testing',
    ]);
    expect(findingKeys(result.findings, 'claim')).toEqual(['eval_metrics.json validation_checklist']);
  });

  it('TV-2 names metadata that is missing or cannot be read, and goes on', async () => {
    const { 'model_card.md': _, ...metadata } = releaseMetadata();
    const result = await importRelease({ ...metadata, 'normalization.json': '{"version": ' });
    expect(findingKeys(result.findings, 'absent-source')).toEqual(['model_card.md']);
    expect(findingKeys(result.findings, 'not-taken')).toEqual(['normalization.json']);
    expect(artifactsOf(result)).toHaveLength(3);
  });
});
