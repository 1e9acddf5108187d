import { expect, it } from 'vitest';
import { cloudSchema } from '../../../lib/contract/cloud/cloud-configuration.ts';
import { runtimeConfigurationSchema } from '../../../lib/contract/cloud/deployment.ts';
import { parseSubmitted } from '../../../lib/core/pipeline/attempt.ts';

const configuration = runtimeConfigurationSchema.parse({
  name: 'weighbridge',
  environment: null,
  publishers: {},
  sources: { tokens: {} },
  replicas: [],
  trustedOrigins: [],
  placeholders: [],
  pipeline: cloudSchema.parse({}).pipeline,
  statusPage: false,
  metrics: false,
});

function submission(version: string, more: { readonly file?: string; readonly commit?: string } = {}) {
  const source = 'https://example.org/w';
  const artifact = { id: 'w', file: 'w', source, sha256: 'ab12'.repeat(16), size: 4 };
  const manifest = { weighbridge: 1, collection: 'models', version, access: 'public', artifacts: [artifact] };
  const content = Buffer.from(JSON.stringify(manifest)).toString('base64');
  const submittedAt = '2026-01-01T00:00:00.000Z';
  return { format: 1, kind: 'manifest', file: 'm.yaml', content, submittedAt, weighbridge: 'test', ...more } as const;
}

it('parses the manifest of a run once for all passes of a process, which takes seconds where it is large', () => {
  const { manifest } = parseSubmitted(submission('1.0.0'), configuration);
  const next = parseSubmitted(submission('1.0.0', { commit: 'a'.repeat(40) }), configuration);
  expect(next.manifest).toBe(manifest);
  expect(next.submission.commit).toBe('a'.repeat(40));
});

it('parses every other manifest, and names files by their own submission', () => {
  const { sha256 } = parseSubmitted(submission('1.0.0'), configuration);
  const other = parseSubmitted(submission('1.0.1'), configuration);
  expect(other.manifest.version).toBe('1.0.1');
  expect(other.sha256.hex).not.toBe(sha256.hex);
  expect(parseSubmitted(submission('1.0.1', { file: 'x.yaml' }), configuration).manifest).not.toBe(other.manifest);
});
