import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileOrigin, webAddress } from '../../../lib/cli/cloud/file-origin.ts';
import type { CommandContext } from '../../../lib/cli/command-context.ts';
import { readEnvironment } from '../../../lib/cli/environment.ts';
import { runProgram } from '../../project/run-program.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-origin-'));
  await mkdir(join(cwd, 'manifests'));
  await writeFile(join(cwd, 'manifests/m.yaml'), 'weighbridge: 1\n');
});

afterEach(() => rm(cwd, { recursive: true, force: true }));

async function git(...argv: readonly string[]): Promise<string> {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];
  const result = await runProgram('git', [...who, ...argv], { cwd });
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout.trim();
}

async function commit(): Promise<string> {
  await git('init', '--quiet');
  await git('remote', 'add', 'origin', 'https://user:secret@github.com/acme/models.git');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'one');
  return await git('rev-parse', 'HEAD');
}

function origin(variables: Record<string, string> = {}) {
  const context = { cwd: join(cwd, 'manifests'), environment: readEnvironment(variables) } as unknown as CommandContext;
  return fileOrigin(context, 'm.yaml');
}

describe('where a manifest comes from', () => {
  it('is its path in the repository, the commit, and the remote without credentials', async () => {
    const head = await commit();
    const repository = 'https://github.com/acme/models';
    expect(await origin()).toEqual({ file: 'manifests/m.yaml', commit: head, repository, changed: false });
  });

  it('is no commit where the file differs from it', async () => {
    await commit();
    await writeFile(join(cwd, 'manifests/m.yaml'), 'weighbridge: 1 # changed\n');
    expect(await origin()).toMatchObject({ commit: undefined, changed: true });
  });

  it('is what the CI system says', async () => {
    await commit();
    const sha = 'c'.repeat(40);
    const github = { GITHUB_ACTIONS: 'true', GITHUB_SHA: sha, GITHUB_REPOSITORY: 'acme/other' };
    expect(await origin(github)).toMatchObject({ commit: sha, repository: 'https://github.com/acme/other' });
    const gitlab = { GITLAB_CI: 'true', CI_COMMIT_SHA: sha, CI_PROJECT_URL: 'https://gitlab.com/acme/other' };
    expect(await origin(gitlab)).toMatchObject({ commit: sha, repository: 'https://gitlab.com/acme/other' });
  });

  it('is a name alone outside of a repository', async () => {
    expect(await origin()).toEqual({ file: 'm.yaml', commit: undefined, repository: undefined, changed: false });
  });

  it.each([
    ['git@github.com:acme/models.git', 'https://github.com/acme/models'],
    ['ssh://git@example.org:2222/acme/models', 'https://example.org/acme/models'],
    ['https://token@example.org:8443/acme/models.git', 'https://example.org:8443/acme/models'],
    ['/srv/git/models.git', undefined],
    ['file:///srv/git/models.git', undefined],
    ['C:/Users/me/models', undefined],
  ])('%s has the address %s', (remote, address) => {
    expect(webAddress(remote)).toBe(address);
  });
});
