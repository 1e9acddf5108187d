import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rivaPatch } from '../../../lib/core/import/systems/riva-patch.ts';
import { artifactsOf, findingKeys, runImport } from '../run-import.ts';
import { artifactRecord, deploymentRecord, referenceRecord, settingsFile } from './staging-records.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weighbridge-riva-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function importRecord(record: object | string, settings: Record<string, string> = {}) {
  const text = typeof record === 'string' ? record : JSON.stringify(record, null, 2);
  await writeFile(join(directory, 'artifact.json'), text);
  return await runImport({ kind: 'riva-artifact', directory, input: 'artifact.json', settings });
}

describe('RIVA-130: a staging record becomes a manifest', () => {
  it('RV-10 takes the record over with its whole set of fields', async () => {
    const result = await importRecord(artifactRecord());
    const [manifest] = result.manifests;
    expect(manifest).toMatchObject({ collection: 'speech-rnnt-en-us', version: 'v2025.01' });
    expect(manifest?.metadata).toEqual(artifactRecord());
    expect(artifactsOf(result)).toMatchObject([
      {
        ...{ id: 'speech-rnnt-en-us-v2025.01', kind: 'archive', file: 'source/source_model.tar.gz' },
        sources: ['s3://example-models/bintarball/speech/speech_v8.1.tar.gz'],
        ...{ sha256: 'a'.repeat(64), size: 3_980_563_622, labels: { primary: 'Speech-1.1b_en-US_8.1.riva' } },
      },
    ]);
  });

  it('RV-5 takes nothing that a script wrote as proof for one', async () => {
    const { findings } = await importRecord(artifactRecord());
    expect(findingKeys(findings, 'claim')).toEqual([
      'artifact.json deployment.staging_complete',
      'artifact.json validation.checksums_verified',
      'artifact.json validation.archive_extracted',
    ]);
    expect(findingKeys(findings, 'placeholder')).toEqual(['artifact.json source.download_duration']);
  });

  it('RV-1 takes a reference over without a digest, whatever its status says', async () => {
    const result = await importRecord(referenceRecord());
    expect(artifactsOf(result)[0]).not.toHaveProperty('sha256');
    expect(artifactsOf(result)[0]).toMatchObject({ size: 3_980_563_622 });
    expect(findingKeys(result.findings, 'missing-digest')).toEqual(['speech-rnnt-en-us-v2025.01 source.sha256']);
    expect(findingKeys(result.findings, 'claim')).toContain('artifact.json source.status');
  });

  it('RV-1 takes the archive and the container of a deployment record over', async () => {
    const result = await importRecord(deploymentRecord());
    expect(artifactsOf(result)).toMatchObject([
      { id: 'model-archive', file: 'source/speech_v8.1.tar.gz', size: 1000, required: true },
      { id: 'container-image', file: 'source/server-2.15.0.tar.gz', required: false },
    ]);
    expect(findingKeys(result.findings, 'missing-size')).toEqual([
      'container-image bintarball_references.container_image.size_bytes',
    ]);
  });

  it('RV-2 names every setting that is missing or not filled in, and takes no other', async () => {
    const result = await importRecord(settingsFile());
    expect(artifactsOf(result)).toMatchObject([
      { id: 'speech-rnnt-en-us-v2025.01', file: 'source/speech_v8.1.tar.gz' },
    ]);
    expect(JSON.stringify(result)).not.toContain('nvapi');
    const incomplete = settingsFile({ ENV: '', RIVA_ASR_MODEL_NAME: 'YOUR_MODEL' }).replace('MODEL_VERSION=', 'OTHER=');
    await expect(importRecord(incomplete)).rejects.toMatchObject({
      ...{ name: 'InvalidFile', message: 'artifact.json lacks RIVA_ASR_MODEL_NAME, MODEL_VERSION, ENV' },
    });
  });

  it('RV-12 says where the record is of another run than the settings', async () => {
    await writeFile(join(directory, '.env'), settingsFile({ ENV: 'staging', MODEL_VERSION: 'v2' }));
    const { findings } = await importRecord(artifactRecord(), { settings: '.env' });
    expect(findingKeys(findings, 'conflict')).toEqual(['settings MODEL_VERSION', 'settings ENV']);
  });

  it('RV-10 refuses a text that is not JSON without quoting it', async () => {
    const signed = '{"source": {"uri": "https://example.org/a?sig=secret"} "x"}';
    await expect(importRecord(signed)).rejects.toMatchObject({ name: 'InvalidFile' });
    await expect(importRecord(signed)).rejects.not.toThrow(/secret/u);
    await expect(importRecord({ any: 1 })).rejects.toMatchObject({ name: 'InvalidFile' });
  });
});

describe('RIVA-130: the staging record is written to', () => {
  it('sets address, digest and size of the source and no other byte', () => {
    const before = JSON.stringify(artifactRecord(), null, 4).replaceAll('\n', '\r\n');
    const publication = {
      ...{ id: 'speech-rnnt-en-us-v2025.01', labels: {}, fileName: 'source_model.tar.gz' },
      ...{ url: 'https://mirror.example.org/s.tar.gz', sha256: 'c'.repeat(64), size: 7 },
    };
    const { text, changed } = rivaPatch.apply(before, [publication]);
    expect(changed).toEqual([publication.id]);
    const expected = before
      .replace('s3://example-models/bintarball/speech/speech_v8.1.tar.gz', publication.url)
      .replace('a'.repeat(64), publication.sha256)
      .replace('3980563622', '7');
    expect(text).toBe(expected);
    expect(rivaPatch.apply(text, [publication])).toEqual({ text, changed: [], unknown: [] });
  });
});
