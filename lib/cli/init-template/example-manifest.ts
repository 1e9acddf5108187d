import { Sha256 } from '../../core/digest/sha256.ts';

export const exampleFile = 'files/weights.bin';

/** 64 KiB that are no text in any encoding, so that Git leaves their line endings alone. */
export function exampleWeights(): Uint8Array {
  return Uint8Array.from({ length: 65_536 }, (_, index) => (index * 167 + (index >> 8) * 59) % 256);
}

/** A first manifest that needs no network. */
export function exampleManifest(): string {
  const weights = exampleWeights();
  return `# yaml-language-server: $schema=../../node_modules/weighbridge/schema/manifest.schema.json
#
# One manifest is one collection at one version. Once staged, its content never changes: the next one gets a new
# version and its own file (npx weighbridge new example@0.2.0 --from manifests/example/0.1.0.yaml).
weighbridge: 1        # format version
collection: example
version: 0.1.0
access: public        # public or private, the whole release
license: CC0-1.0      # SPDX expression
artifacts:
  - id: weights
    kind: checkpoint  # a free word; checkpoint, config, tokenizer and metadata get sensible defaults
    file: weights.bin # name inside the release
    source: file:${exampleFile}
    sha256: ${Sha256.ofBytes(weights)}
    size: ${weights.length}
    digestFrom: computed
  # A file of a Hugging Face repository, and where else to get it. "npx weighbridge lock" pins the revision and fills
  # in sha256 and size:
  # - id: model
  #   kind: checkpoint
  #   file: model.safetensors
  #   sources:          # tried in this order
  #     - hf://OWNER/REPO@main/model.safetensors
  #     - https://models.example.org/model.safetensors
  #   required: false   # the release is published also when this one cannot be had
`;
}
