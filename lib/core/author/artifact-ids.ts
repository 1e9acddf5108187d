import { posix } from 'node:path';

const longestId = 128;

/**
 * Ids for files, in their order: the name without its ending where no other file has it, else the whole name, else
 * the path joined by `-`. All differ, also when case is ignored.
 */
export function artifactIds(files: readonly string[]): string[] {
  const levels = [stem, posix.basename, (file: string) => file].map((level) => (file: string) => safe(level(file)));
  const counts = levels.map((level) => countBy(files.map((file) => level(file).toLowerCase())));
  const taken = new Set<string>();
  return files.map((file) => {
    const unique = levels.findIndex((level, index) => counts[index]?.get(level(file).toLowerCase()) === 1);
    const wanted = (levels[unique] ?? levels.at(-1) ?? safe)(file);
    let id = wanted;
    for (let number = 2; taken.has(id.toLowerCase()); number += 1) {
      id = `${wanted.slice(0, longestId - 8)}-${number}`;
    }
    taken.add(id.toLowerCase());
    return id;
  });
}

function stem(file: string): string {
  const name = posix.basename(file);
  const dot = name.indexOf('.', 1);
  // `model.tar.gz` is `model`, but `v1.5-weights.bin` must not become `v1`.
  const short = /\.(?:tar\.\w+|\w+)$/.exec(name);
  return dot === -1 || short === null ? name : name.slice(0, short.index);
}

function safe(text: string): string {
  const plain = text.replaceAll('/', '-').replace(/[^A-Za-z0-9._+-]+/g, '-');
  const id = plain
    .replace(/^[^A-Za-z0-9]+/, '')
    .replace(/[-.]+$/, '')
    .slice(0, longestId);
  return id === '' ? 'file' : id;
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
