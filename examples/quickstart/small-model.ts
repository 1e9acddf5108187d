/** Files that look like a model, the same in every run: their digests must not change between runs. */
export function smallModel(): ReadonlyMap<string, Uint8Array> {
  return model(3 * 2 ** 20);
}

/** As `smallModel`; its weights go to a bucket in parts. */
export function largerModel(): ReadonlyMap<string, Uint8Array> {
  return model(38 * 2 ** 20);
}

function model(backboneBytes: number): ReadonlyMap<string, Uint8Array> {
  return new Map([
    ['/v1/model.safetensors', safetensors('backbone', backboneBytes)],
    ['/v1/head.safetensors', safetensors('head', 3 * 2 ** 19)],
    ['/v1/config.json', json({ architecture: 'tiny-detector', classes: 3, input: [3, 224, 224] })],
    ['/mirror/labels.json', json(['person', 'bicycle', 'car'])],
  ]);
}

/** The manifest as its author would begin it. */
export function manifestFor(origin: string): string {
  return `# yaml-language-server: $schema=../schema/manifest.schema.json
weighbridge: 1
collection: tiny-detector
version: 1.0.0
access: public
license: CC0-1.0
artifacts:
  - id: backbone
    kind: checkpoint
    file: model.safetensors
    source: ${origin}/v1/model.safetensors

  - id: head
    kind: checkpoint
    file: head.safetensors
    source: ${origin}/v1/head.safetensors

  - id: config
    kind: config
    file: config.json
    source: ${origin}/v1/config.json

  - id: labels
    kind: metadata
    file: labels.json
    required: false # the release could be published without it
    sources: # tried in this order
      - ${origin}/gone/labels.json # nobody has this any more
      - ${origin}/mirror/labels.json
`;
}

/** The real layout: length of the header, header, one tensor of 32-bit floats. */
function safetensors(name: string, bytes: number): Uint8Array {
  const header = JSON.stringify({ [name]: { dtype: 'F32', shape: [bytes / 4], data_offsets: [0, bytes] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const values = new Float32Array(bytes / 4);
  let state = 1;
  for (let index = 0; index < values.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[index] = state / 2 ** 32 - 0.5;
  }
  return Buffer.concat([length, Buffer.from(header), Buffer.from(values.buffer)]);
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
}
