import { describe, expect, it } from 'vitest';
import { manifestFromPrevious, nextManifestPath } from '../../../lib/core/author/manifest-from-previous.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';

const commit = '0efe1d93cfd4d9461edc66f8b776b3531fe624e5';
const old = `# yaml-language-server: $schema=../../schema/manifest.schema.json
# Who owns this: the vision group
weighbridge: 1
collection: detector # stays
version: "1.0.0"
access: public
license: MIT
artifacts:
  # the big one
  - id: weights
    kind: checkpoint
    file: weights.bin
    sources:
      - hf://acme/tiny@${commit}/weights.bin
      - file:files/weights.bin # kept beside
    # measured on the build machine
    sha256: b3808a0ce2d5425797df358de854716d38ec7e32c9183a5931ef8109029fd9e4
    size: 12
    digestFrom: computed
    labels: { dataset: mp-20 }
  - { id: config, kind: config, file: config.json, source: 'file:files/config.json', size: 3 }
`;

function next(more: { version?: string; from?: string; to?: string } = {}) {
  const { manifest } = parseManifest(old, { file: 'old.yaml' });
  const release = { collection: 'detector', version: '1.1.0', from: '/m', to: '/m', ...more };
  return manifestFromPrevious(old, manifest, release);
}

describe("a manifest from last version's", () => {
  it('keeps ids, order, comments, kinds, labels and sources, and clears what belongs to the old bytes', () => {
    const { text } = next();
    expect(text).toBe(`# yaml-language-server: $schema=../../schema/manifest.schema.json
# Who owns this: the vision group
weighbridge: 1
collection: detector # stays
version: "1.1.0"
access: public
license: MIT
artifacts:
  # the big one
  - id: weights
    kind: checkpoint
    file: weights.bin
    sources:
      - hf://acme/tiny@${commit}/weights.bin
      - file:files/weights.bin # kept beside
    # measured on the build machine
    labels: { dataset: mp-20 }
  - { id: config, kind: config, file: config.json, source: 'file:files/config.json' }
`);
  });

  it('names the sources that are still pinned to the old version', () => {
    expect(next().pinned).toEqual([`hf://acme/tiny@${commit}/weights.bin`]);
  });

  it('finds local files again from another folder, or says that it cannot', () => {
    expect(next({ from: '/m/sub', to: '/m' }).text).toContain('file:sub/files/weights.bin # kept beside');
    expect(() => next({ from: '/m', to: '/elsewhere' })).toThrow(
      'file:files/weights.bin does not lie below the folder of the new manifest',
    );
  });

  it('refuses a version of the other scheme', () => {
    expect(() => next({ version: 'spring' })).toThrow('spring is no semver version, and detector uses semver');
  });

  it('lies beside the old one, under the same name with the new version', () => {
    expect(nextManifestPath('/m/detector/1.0.0.yaml', '1.0.0', '1.1.0')).toBe('/m/detector/1.1.0.yaml');
    expect(nextManifestPath('/m/detector-1.0.0.yml', '1.0.0', '1.1.0')).toBe('/m/detector-1.1.0.yml');
    expect(nextManifestPath('/m/manifest.yaml', '1.0.0', '1.1.0')).toBe('/m/1.1.0.yaml');
  });
});
