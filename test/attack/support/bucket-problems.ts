import type { BucketMirror } from './bucket-mirror.ts';
import { digestOfStream } from './bucket-mirror.ts';
import type { TrueRelease, Workspace } from './workspace.ts';

const records = ['RELEASE.md', 'SHA256SUMS', 'objects.json', 'release.json'];

/**
 * Everything in which a mirror in a bucket differs from the truth once all is done: bytes, names, registry, uploads
 * that somebody would be billed for, what the program itself finds, and what is left of working state. Each is one
 * sentence; none when all is well.
 */
export async function bucketProblems(
  workspace: Workspace,
  mirror: BucketMirror,
  releases: readonly TrueRelease[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  const found = await mirror.objects();
  const wanted = new Set(['registry.json']);
  for (const { collection, version, files } of releases) {
    for (const file of records) wanted.add(`${collection}/${version}/${file}`);
    for (const { file, sha256 } of files) {
      const key = `${collection}/${version}/${file}`;
      wanted.add(key);
      if (!found.has(key)) continue;
      const actual = await digestOfStream(await mirror.read(key));
      if (actual !== sha256) problems.push(`${key} has ${actual} instead of ${sha256}`);
    }
  }
  for (const name of found.keys()) if (!wanted.has(name)) problems.push(`${name} does not belong there`);
  for (const name of wanted) if (!found.has(name)) problems.push(`${name} is missing`);
  for (const key of await mirror.unfinished()) problems.push(`an upload of ${key} is left unfinished`);
  for (const [name, size] of await mirror.stateObjects()) {
    // An empty object is what a removed document becomes; reports are kept.
    if (size > 0 && !name.startsWith('reports/')) problems.push(`${name} is left in the state`);
  }
  const verified = await workspace.start(['verify', '--store', mirror.url, '--progress', 'none'], mirror.variables)
    .ended;
  if (verified.code !== 0) problems.push(`verify ended with ${verified.code}: ${verified.stdout}${verified.stderr}`);
  return problems;
}
