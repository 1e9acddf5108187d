import { createHash } from 'node:crypto';
import { runMain } from '../../cli/run-main.ts';
import type { BucketSide } from './bucket-side.ts';
import type { TrueRelease, Workspace } from './workspace.ts';

const records = ['RELEASE.md', 'SHA256SUMS', 'objects.json', 'release.json'];

/**
 * Everything in which a bucket differs from the truth once all is done: bytes, names, how often each was written, the
 * registry, what the program itself finds, and uploads that are left. Each is one sentence; none when all is well.
 */
export async function storeProblems(
  workspace: Workspace,
  side: BucketSide,
  releases: readonly TrueRelease[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  const wanted = new Set(['registry.json']);
  for (const { collection, version, files } of releases) {
    const prefix = `${collection}/${version}`;
    for (const record of records) wanted.add(`${prefix}/${record}`);
    for (const { file, sha256 } of files) {
      const key = `${prefix}/${file}`;
      wanted.add(key);
      const bytes = await side.bytes(key);
      const actual = bytes === undefined ? 'nothing' : createHash('sha256').update(bytes).digest('hex');
      if (actual !== sha256) problems.push(`${key} has ${actual} instead of ${sha256}`);
      const versions = await side.versions(key);
      if (versions !== undefined && versions !== 1) problems.push(`${key} was written ${versions} times`);
    }
  }
  const found = new Set(await side.keys());
  for (const name of found) if (!wanted.has(name)) problems.push(`${name} does not belong there`);
  for (const name of wanted) if (!found.has(name)) problems.push(`${name} is missing`);
  problems.push(...(await registryProblems(side, releases)));
  for (const key of (await side.pending()) ?? []) problems.push(`an upload of ${key} is left`);
  // In this process: how it starts is nothing that a store could break.
  const verified = await runMain(['verify', '--store', side.url, '--progress', 'none'], {
    cwd: workspace.folder,
    variables: { ...side.variables(side.origin) },
  });
  if (verified.code !== 0) problems.push(`verify ended with ${verified.code}: ${verified.stdout}${verified.stderr}`);
  return problems;
}

async function registryProblems(side: BucketSide, releases: readonly TrueRelease[]): Promise<readonly string[]> {
  const bytes = await side.bytes('registry.json');
  if (bytes === undefined) return ['there is no registry'];
  const registry = JSON.parse(bytes.toString()) as {
    serial: number;
    collections: Record<string, { versions: Record<string, unknown> }>;
  };
  const named = Object.entries(registry.collections).flatMap(([collection, { versions }]) =>
    Object.keys(versions).map((version) => `${collection}@${version}`),
  );
  const expected = releases.map(({ collection, version }) => `${collection}@${version}`);
  const problems = [...new Set([...named, ...expected])]
    .filter((name) => named.includes(name) !== expected.includes(name))
    .map((name) => `the registry ${named.includes(name) ? 'names' : 'does not name'} ${name}`);
  if (registry.serial !== releases.length) problems.push(`the registry's serial is ${registry.serial}`);
  return problems;
}

/** What a reader would take for a release that is none: none when nothing of it is visible. */
export async function visibleParts(side: BucketSide, release: TrueRelease): Promise<readonly string[]> {
  const { collection, version, files } = release;
  const problems: string[] = [];
  const registry = (await side.bytes('registry.json'))?.toString() ?? '';
  if (registry.includes(`${collection}/${version}/release.json`)) problems.push('the registry names it');
  for (const key of await side.keys()) {
    if (records.some((record) => key === `${collection}/${version}/${record}`)) problems.push(`${key} is there`);
  }
  for (const { file, sha256 } of files) {
    const bytes = await side.bytes(`${collection}/${version}/${file}`);
    // A whole and right artifact of a run that failed later may stay: it is what the next run finds.
    if (bytes !== undefined && createHash('sha256').update(bytes).digest('hex') !== sha256) {
      problems.push(`${file} is there with wrong bytes`);
    }
  }
  return problems;
}
