/** Formats of nobody in particular, and what INPUT is. The help must not wait for the importers to be loaded. */
export const genericKinds: Readonly<Record<string, string>> = {
  directory: 'a folder: its files with exact sizes and digests, or what LFS pointers say',
  sha256sums: 'a SHA256SUMS file, of GNU or BSD form',
  huggingface: 'hf://owner/repo[@revision][/folder], pinned to its commit',
  'github-release': 'github://owner/repo@tag: its assets, pinned by their ids',
  bucket: 's3://bucket[/prefix] or gs://bucket[/prefix], objects pinned to their versions',
  pooch: 'a registry.txt of Pooch: name, hash, and perhaps a URL',
};

/** Formats of single systems. */
export const otherKinds: readonly string[] = [
  'stemsep-registry',
  'stemsep-upload-manifest',
  'chemeleon-checkpoints',
  'falconeye-weights',
  'tcn-vae-release',
  'riva-artifact',
];

const width = Math.max(...Object.keys(genericKinds).map((kind) => kind.length)) + 2;

/** The help of `import` below its options. */
export const importDetail = [
  'Reads what another system keeps about its files and writes it as an ordinary manifest, with a report of what could ' +
    'not be taken over. Importing into a manifest that is there fills in what it lacks: edits by hand stay.',
  '',
  'KIND is one of:',
  ...Object.entries(genericKinds).map(([kind, summary]) => `  ${kind.padEnd(width)}${summary}`),
  '',
  `Other formats: ${otherKinds.join(', ')}.`,
  '',
  'Every kind takes collection=, version=, access=, license= and source-base= (where artifacts without a source have ' +
    'theirs from); directory, sha256sums and pooch take base-url=.',
].join('\n');
