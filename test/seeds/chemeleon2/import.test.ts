import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Publication } from '../../../lib/core/import/importer.ts';
import { chemeleonPatch } from '../../../lib/core/import/systems/chemeleon-patch.ts';
import { artifactsOf, findingKeys, runImport } from '../run-import.ts';
import { checkpointList, type ListForm, listedCheckpoints } from './checkpoint-lists.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weighbridge-chemeleon-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function importList(text: string, settings: Record<string, string> = {}) {
  await writeFile(join(directory, 'checkpoints.yaml'), text);
  return await runImport({ kind: 'chemeleon-checkpoints', directory, input: 'checkpoints.yaml', settings });
}

const digest = 'cd'.repeat(32);
const publication = (id: string): Publication => ({
  ...{ id, labels: {}, fileName: 'x.ckpt', sha256: digest, size: 10 },
  url: 'https://mirror.example.org/x.ckpt',
});

describe('chemeleon2: the checkpoint list becomes a manifest', () => {
  it.each([
    ['plan', 4, 0],
    ['october', 4, 4],
    ['november', 4, 0],
    ['december', 6, 0],
  ] as const)(
    'CH-1 takes the list of %s over: %i entries, %i with a digest',
    async (form: ListForm, count, digests) => {
      const result = await importList(checkpointList(form, form === 'november' ? '\r\n' : '\n'));
      expect(artifactsOf(result).map(({ id }) => id)).toEqual(listedCheckpoints(form).map(({ name }) => name));
      expect(artifactsOf(result)).toHaveLength(count);
      expect(artifactsOf(result).filter(({ sha256 }) => sha256 !== undefined)).toHaveLength(digests);
      expect(result.findings.some(({ kind }) => kind === 'claim')).toBe(false);
    },
  );

  it('CH-1 names digests and owners that nobody filled in, and keeps the folder under either name', async () => {
    const plan = await importList(checkpointList('plan'));
    expect(findingKeys(plan.findings, 'placeholder')).toHaveLength(8);
    expect(plan.manifests[0]?.metadata).toMatchObject({ config: { cache_dir: './checkpoints' } });
    const december = await importList(checkpointList('december'));
    expect(findingKeys(december.findings, 'missing-digest')).toHaveLength(6);
    expect(december.manifests[0]).toMatchObject({ collection: 'checkpoints', version: '0.0.1' });
    expect(december.manifests[0]?.metadata).toMatchObject({
      config: { local_dir: './checkpoints', retry_attempts: 3 },
    });
  });

  it('CH-1 keeps keys that it does not know', async () => {
    const text =
      'extra: {a: 1}\ncheckpoints:\n  m:\n    hf_path: m.ckpt\n    epochs: 3\nconfig: {hf_repo: o/r, mode: fast}\n';
    const { manifests } = await importList(text);
    expect(manifests[0]?.metadata).toEqual({ extra: { a: 1 }, config: { hf_repo: 'o/r', mode: 'fast' } });
    expect(manifests[0]?.artifacts[0]?.metadata).toEqual({ epochs: 3 });
  });

  it('CH-1 says that the branch is not pinned, and takes another revision when asked', async () => {
    const result = await importList(checkpointList('november'));
    expect(findingKeys(result.findings, 'suggestion')).toEqual(['config hf_repo']);
    expect(artifactsOf(result)[0]?.sources).toEqual([
      'hf://example-org/checkpoints@main/v0.0.1/tiny/vae/enc_aaaa0000_v0.ckpt',
    ]);
    const revision = 'a'.repeat(40);
    const pinned = await importList(checkpointList('november'), { revision });
    expect(artifactsOf(pinned)[0]?.sources[0]).toContain(`@${revision}/`);
    expect(findingKeys(pinned.findings, 'suggestion')).toEqual([]);
  });

  it('CH-5 finds a renamed checkpoint under its older name, and says which names there are', async () => {
    const result = await importList(checkpointList('december'), {
      aliases: 'tiny_ldm=tiny_ldm_rl,large_ldm=large_ldm_rl',
    });
    expect(artifactsOf(result).find(({ id }) => id === 'tiny_ldm_rl')?.aliases).toEqual(['tiny_ldm']);
    await expect(importList(checkpointList('december'), { aliases: 'x=tiny' })).rejects.toMatchObject({
      ...{ name: 'UsageError', hint: expect.stringContaining('tiny_ldm_rl') },
    });
  });

  it('CH-7 lays files out as below their folder: at their path in the repository', async () => {
    const result = await importList(checkpointList('december'));
    expect(artifactsOf(result).map(({ file }) => file)).toEqual(listedCheckpoints('december').map(({ path }) => path));
    const outside = await importList('checkpoints:\n  m: {hf_path: ../../m.ckpt}\nconfig: {hf_repo: o/r}\n');
    expect(artifactsOf(outside)).toEqual([]);
    expect(findingKeys(outside.findings, 'not-taken')).toEqual(['m']);
  });
});

describe('chemeleon2: the checkpoint list is written to', () => {
  it.each(['plan', 'october', 'november', 'december'] as const)(
    'fills in digests of the list of %s and keeps every other line',
    (form) => {
      for (const eol of ['\n', '\r\n'] as const) {
        const before = checkpointList(form, eol);
        const names = listedCheckpoints(form).map(({ name }) => name);
        const { text, changed, unknown } = chemeleonPatch.apply(before, [...names, 'none'].map(publication));
        expect({ changed, unknown }).toEqual({ changed: names, unknown: ['none'] });
        const withoutDigests = (all: string) => all.split('\n').filter((line) => !/^ +sha256:/u.test(line));
        expect(withoutDigests(text)).toEqual(withoutDigests(before));
        expect(text.split(`sha256: ${digest}${eol}`)).toHaveLength(names.length + 1);
        expect(chemeleonPatch.apply(text, names.map(publication))).toEqual({ text, changed: [], unknown: [] });
      }
    },
  );
});
