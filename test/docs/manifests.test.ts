import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artifactSchema } from '../../lib/core/manifest/artifact-schema.ts';
import { manifestSchema } from '../../lib/core/manifest/manifest-schema.ts';
import { parseManifest } from '../../lib/core/manifest/parse-manifest.ts';
import { unsupportedFields } from '../../lib/core/manifest/unsupported-fields.ts';
import { root } from '../project/source-files.ts';
import { codeBlocks } from './markdown.ts';

const page = readFileSync(join(root, 'docs/manifest.md'), 'utf8');
const examples = codeBlocks(page).filter(({ language }) => language === 'yaml');

describe('docs/manifest.md', () => {
  it('shows only manifests that are valid', () => {
    expect(examples.length).toBeGreaterThan(4);
    for (const { text, line } of examples) {
      const { problems } = parseManifest(Buffer.from(text), { file: `docs/manifest.md:${line}` });
      expect(problems.filter(({ message }) => !message.startsWith('no sha256'))).toEqual([]);
    }
  });

  it('shows every field that works, and says which do not', () => {
    const full = examples.find(({ text }) => text.includes('versioning: semver'))?.text ?? '';
    for (const of of ['manifest', 'artifact'] as const) {
      const later = unsupportedFields.filter((field) => field.of === of).map(({ field }) => field);
      for (const field of later) expect(page.slice(page.indexOf('## Not yet'))).toContain(`\`${field}`);
      const { shape } = of === 'manifest' ? manifestSchema : artifactSchema;
      const shown = Object.keys(shape).filter((field) => !later.includes(field));
      for (const field of shown) expect(full).toMatch(new RegExp(`^[ -]*${field}:`, 'm'));
    }
  });
});
