import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TrueRelease, Workspace } from './workspace.ts';

const records = ['RELEASE.md', 'SHA256SUMS', 'objects.json', 'release.json'];

/**
 * Everything in which a mirror differs from the truth once all is done: bytes, names, registry, what the program
 * itself finds, and what is left of working files. Each is one sentence; none when all is well.
 */
export async function mirrorProblems(
  workspace: Workspace,
  releases: readonly TrueRelease[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { collection, version, files } of releases) {
    for (const { file, sha256 } of files) {
      const actual = await hashFile(join(workspace.mirror, collection, version, file));
      if (actual !== sha256) problems.push(`${collection}/${version}/${file} has ${actual} instead of ${sha256}`);
    }
  }
  const expected = releases.flatMap(({ collection, version, files }) =>
    [...records, ...files.map(({ file }) => file)].map((file) => `${collection}/${version}/${file}`),
  );
  const wanted = new Set([...expected, 'registry.json', '.weighbridge/lock.sqlite']);
  const found = new Set(await workspace.filesIn(workspace.mirror));
  for (const name of found) if (!wanted.has(name)) problems.push(`${name} does not belong there`);
  for (const name of wanted) if (!found.has(name)) problems.push(`${name} is missing`);
  for (const name of await workspace.filesIn(workspace.state)) {
    if (name !== 'lock.sqlite') problems.push(`${name} is left in the state folder`);
  }
  const registry = await workspace.registry();
  if (registry.serial !== releases.length) problems.push(`the registry's serial is ${registry.serial}`);
  const verified = await workspace.start(['verify', '--progress', 'none']).ended;
  if (verified.code !== 0) problems.push(`verify ended with ${verified.code}: ${verified.stdout}${verified.stderr}`);
  return problems;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
    return hash.digest('hex');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
