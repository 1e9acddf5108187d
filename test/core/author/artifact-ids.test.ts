import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactIds } from '../../../lib/core/author/artifact-ids.ts';

describe('ids of artifacts', () => {
  it('are the name without its ending where that is enough', () => {
    expect(artifactIds(['mp_20/vae.ckpt', 'model.tar.gz', 'v1.5-weights.bin', 'README.md'])).toEqual([
      'vae',
      'model',
      'v1.5-weights',
      'README',
    ]);
  });

  it('fall back to the whole name, then to the path', () => {
    expect(artifactIds(['model.onnx', 'model.safetensors'])).toEqual(['model.onnx', 'model.safetensors']);
    expect(artifactIds(['a/vae.ckpt', 'b/vae.ckpt'])).toEqual(['a-vae.ckpt', 'b-vae.ckpt']);
    expect(artifactIds(['A/x.bin', 'a/x.bin'])).toEqual(['A-x.bin', 'a-x.bin-2']);
  });

  it('keep to the characters that an id may have', () => {
    expect(artifactIds(['größe (1).bin', '模型.bin', '.x'])).toEqual(['gr-e-1', 'file', 'x']);
  });

  it('are valid and differ, whatever the files are called', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', 'A', '.', '-', '/', ' ', 'ü', '1', '_'),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), (files) => {
        const ids = artifactIds(files);
        expect(new Set(ids.map((id) => id.toLowerCase())).size).toBe(files.length);
        for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/);
      }),
    );
  });
});
