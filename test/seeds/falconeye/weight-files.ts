import { createHash } from 'node:crypto';

/** Nine files of weights as FalconEye lists them, with sizes of the same range and names of nobody. */
export interface Weight {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

const sizes = [
  25_830_639, 19_509_947, 12_318_073, 36_672_123, 17_317_003, 5_787_999, 108_565_171, 99_104_321, 18_634_765,
];

export const weights: readonly Weight[] = sizes.map((size, index) => ({
  name: `net_${index % 2 === 0 ? 'final' : 'best'}_${index + 1}.pt`,
  size,
  sha256: createHash('sha256').update(`weights ${index}`).digest('hex'),
}));

const mebibytes = (size: number) => Math.round((size / 2 ** 20) * 100) / 100;
const url = (tag: string, name: string) =>
  `https://github.com/YOUR_USERNAME/Example-Detect/releases/download/${tag}/${name}`;

/** `weights/manifest.json`; without a newline at its end. */
export function weightsManifest(list: readonly Weight[] = weights): string {
  const entries = list.map(({ name, size, sha256 }) => [
    name,
    { url: url('v1.0.0', name), size_mb: mebibytes(size), checksum: sha256, algorithm: 'sha256', required: true },
  ]);
  const head = { version: '1.0', description: 'Example weights manifest' };
  return JSON.stringify({ ...head, weights: Object.fromEntries(entries) }, null, 2);
}

/** `WEIGHTS_URLS.json`: another tag, optional, no digests. */
export function weightsUrls(list: readonly Weight[] = weights): string {
  const entries = list.map(({ name, size }) => [
    name,
    { url: url('v1.0', name), size_mb: mebibytes(size), required: false },
  ]);
  return `${JSON.stringify({ note: 'Replace the URLs', weights: Object.fromEntries(entries) }, null, 2)}\n`;
}

/** What Git keeps in the place of a file. */
export function lfsPointer({ sha256, size }: Omit<Weight, 'name'>): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
}
