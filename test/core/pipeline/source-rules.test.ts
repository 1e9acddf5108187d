import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { sourcesSchema } from '../../../lib/contract/cloud/source-grants.ts';
import { configurationSchema } from '../../../lib/contract/configuration.ts';
import type { Access } from '../../../lib/core/manifest/manifest.ts';
import type { GrantConfiguration } from '../../../lib/core/pipeline/source-refusal.ts';
import { refusedSources } from '../../../lib/core/pipeline/source-rules.ts';
import { artifact, manifest } from '../../support/stage-fixture.ts';
import { ref } from '../sources/source-fixture.ts';

const own = { state: 's3://w-state', private: ['s3://w-private'] };

function granted(sources: object = {}, more: Partial<GrantConfiguration> = {}): GrantConfiguration {
  return { sources: sourcesSchema.parse(sources), trustedOrigins: [], gcs: undefined, ...more };
}

/** Of a manifest with this one source. */
function refusals(uri: string, configuration: GrantConfiguration, access: Access = 'public') {
  const one = artifact('a', Buffer.from('x'), { sources: [ref(uri)] });
  return refusedSources(manifest([one], { access }), configuration, own);
}

const allowed = {
  hosts: ['example.org', '*.mirror.example'],
  huggingFace: ['Acme'],
  github: ['acme'],
  buckets: [
    { bucket: 's3://upstream', keys: ['models/*', 'exact.bin'], for: 'any' },
    { bucket: 's3://inner', for: 'private' },
    { bucket: 'gs://upstream', keys: ['models/*'], for: 'any' },
  ],
};

describe('sources of the pipeline', () => {
  it.each([
    'https://example.org/a.bin',
    'https://eu.mirror.example/a.bin',
    'hf://acme/weights@main/a.bin',
    'hf://datasets/Acme/weights@main/a.bin',
    'github://ACME/weights@v1/a.bin',
    's3://upstream/models/deep/a.bin',
    's3://upstream/exact.bin',
    'gs://upstream/models/a.bin',
    'file:weights/a.bin',
  ])('are read where weighbridge.yaml names them: %s', (uri) => {
    expect(refusals(uri, granted(allowed))).toEqual([]);
  });

  it.each([
    'https://example.com/a.bin',
    'https://www.example.org/a.bin',
    'https://mirror.example/a.bin',
    'https://evilmirror.example/a.bin',
    'https://example.org.evil.example/a.bin',
    'hf://other/weights@main/a.bin',
    'hf://acme-evil/weights@main/a.bin',
    'github://other/weights@v1/a.bin',
    's3://other/models/a.bin',
    's3://upstream/secret/a.bin',
    's3://upstream/exact.bin.old',
    'gs://other/models/a.bin',
    's3://inner/a.bin',
  ])('are refused everywhere else: %s', (uri) => {
    expect(refusals(uri, granted(allowed))).toMatchObject([{ artifact: 'a', source: uri }]);
  });

  it.each([
    'https://example.com/a.bin',
    'http://example.org:8080/a.bin',
    'hf://other/weights@main/a.bin',
    'github://other/weights@v1/a.bin',
    's3://other/models/a.bin',
    's3://other/top.bin',
    's3://inner/a.bin',
    'gs://other/models/a.bin',
  ])('name the lines that would allow them: %s', (uri) => {
    const [refused] = refusals(uri, granted());
    const text = refused?.lines.join('\n') ?? '';
    const { sources = {}, trustedOrigins = [] } = parse(text);
    expect(refusals(uri, granted(sources, { trustedOrigins }))).toEqual([]);
  });

  it('are read for private releases where they are granted for those only', () => {
    expect(refusals('s3://inner/a.bin', granted(allowed), 'private')).toEqual([]);
    const [refused] = refusals('s3://inner/a.bin', granted(allowed));
    expect(refused?.reason).toBe('s3://inner is granted for private releases, and this release is public');
    expect(refused?.lines.at(-1)).toContain('for: any');
  });

  it('are never the mirror of private releases, for a public one, nor the working state, whatever is granted', () => {
    const everything = granted({
      buckets: ['s3://w-private', 's3://w-state', 'gs://w-private-gcs'].map((bucket) => ({ bucket, for: 'any' })),
    });
    const gcs = { private: { name: 'w-private-gcs', existing: false } } as GrantConfiguration['gcs'];
    const configuration = { ...everything, gcs };
    expect(refusals('s3://w-private/secret/1.0.0/w.bin', configuration)).toMatchObject([{ lines: [] }]);
    expect(refusals('gs://w-private-gcs/secret/1.0.0/w.bin', configuration)).toMatchObject([{ lines: [] }]);
    expect(refusals('s3://w-private/secret/1.0.0/w.bin', configuration, 'private')).toEqual([]);
    for (const access of ['public', 'private'] as const) {
      const inbox = `s3://w-state/inbox/other/${access}/sha256/${'a'.repeat(64)}`;
      expect(refusals(inbox, configuration, access)).toMatchObject([{ lines: [] }]);
    }
  });

  it.each(['https://10.0.0.8/a.bin', 'https://localhost/a.bin', 'https://[::1]/a.bin', 'http://example.org/a.bin'])(
    'that are plain http or private need a trusted origin besides the host: %s',
    (uri) => {
      const everywhere = { hosts: ['*'] };
      expect(refusals(uri, granted(everywhere))).toMatchObject([{ source: uri }]);
      const trustedOrigins = [new URL(uri).origin];
      expect(refusals(uri, granted(everywhere, { trustedOrigins }))).toEqual([]);
      expect(refusals(uri, granted({}, { trustedOrigins }))).toMatchObject([{ source: uri }]);
    },
  );

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/latest/meta-data/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://[::ffff:169.254.169.254]/latest/meta-data/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://0.0.0.0/a.bin',
  ])('are never metadata services, trusted or not: %s', (uri) => {
    const trusting = granted({ hosts: ['*'] }, { trustedOrigins: [new URL(uri).origin] });
    expect(refusals(uri, trusting)).toMatchObject([{ lines: [] }]);
  });

  it('that nobody filled in are left to be told as such', () => {
    expect(refusals('hf://YOUR_USERNAME/weights@main/a.bin', granted())).toEqual([]);
  });

  it('have rules that weighbridge.yaml can say', () => {
    expect(configurationSchema.safeParse({ sources: allowed }).error?.issues ?? []).toEqual([]);
  });
});
