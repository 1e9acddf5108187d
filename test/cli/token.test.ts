import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePolicy } from '../../lib/core/access/policy/parse-policy.ts';
import { runMain } from './run-main.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'token-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const run = (...args: string[]) => runMain(args, { cwd: directory });
const policyText = () => readFile(join(directory, 'manifests/access.yaml'), 'utf8');
const digestOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

async function tokensOf(name: string) {
  const principal = parsePolicy(await policyText(), { file: 'access.yaml' }).policy.principals[name];
  return principal?.kind === 'tokens' ? principal.tokens : undefined;
}

describe('weighbridge token new', () => {
  it('prints the token alone on stdout, and writes its digest alone', async () => {
    const { code, stdout, stderr } = await run(
      'token',
      'new',
      'build-farm',
      '--expires',
      `${new Date().getUTCFullYear() + 1}-01-31`,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^weighbridge_[A-Za-z0-9_-]{43}\n$/u);
    const secret = stdout.trim();
    expect(await tokensOf('build-farm')).toEqual([
      { sha256: digestOf(secret), expires: expect.stringMatching(/-01-31$/u) },
    ]);
    expect(await policyText()).not.toContain(secret);
    expect(stderr).not.toContain(secret);
    expect(stderr).toContain('no grant names build-farm yet');
    expect(stderr).toContain('commit manifests/access.yaml');
    expect(await readdir(join(directory, 'manifests'))).toEqual(['access.yaml']);
  });

  it('is good for ninety days unless told otherwise', async () => {
    const { stdout } = await run('token', 'new', 'farm', '--json');
    const { token, sha256, expires, grants, principal } = JSON.parse(stdout);
    expect({ principal, grants, sha256 }).toEqual({ principal: 'farm', grants: [], sha256: digestOf(token) });
    const days = (Date.parse(expires) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(88);
    expect(days).toBeLessThanOrEqual(90);
  });

  it('adds a second token while one is replaced, and refuses a third', async () => {
    const first = (await run('token', 'new', 'farm')).stdout.trim();
    const second = (await run('token', 'new', 'farm')).stdout.trim();
    const before = await policyText();
    const third = await run('token', 'new', 'farm');
    expect(third).toMatchObject({ code: 2, stdout: '' });
    expect(third.stderr).toContain(`weighbridge token revoke farm --digest ${digestOf(first).slice(0, 8)}`);
    expect(await policyText()).toBe(before);
    expect((await tokensOf('farm'))?.map(({ sha256 }) => sha256)).toEqual([first, second].map(digestOf));
  });

  it('keeps everything else of the file, and its mode', async () => {
    const text = `# ours\nweighbridgeAccess: 1\nprincipals:\n  ci:   # CI\n    aws: ['111122223333']\n\ngrants:\n  all: {to: [ci], collections: ["*"]}\n`;
    await mkdir(join(directory, 'manifests'));
    await writeFile(join(directory, 'manifests/access.yaml'), text, { mode: 0o640 });
    expect((await run('token', 'new', 'farm')).code).toBe(0);
    const after = await policyText();
    expect(after.replace(/ {2}farm:\n.*\n.*\n/u, '')).toBe(text);
    expect((await stat(join(directory, 'manifests/access.yaml'))).mode & 0o777).toBe(0o640);
  });

  it('writes nothing where the name, the day, the principal or the file is wrong', async () => {
    await mkdir(join(directory, 'manifests'));
    const text = 'weighbridgeAccess: 1\nprincipals:\n  ci: { aws: ["111122223333"] }\n';
    await writeFile(join(directory, 'manifests/access.yaml'), text);
    await writeFile(join(directory, 'bad.yaml'), 'weighbridgeAccess: 2\n');
    const tries = [
      ['Farm'],
      ['constructor'],
      ['7'],
      ['ci'],
      ['farm', '--expires', '2020-01-01'],
      ['farm', '--expires', '2027-02-30'],
      ['farm', '--expires', 'soon'],
      ['farm', '--expires', '9999d'],
      ['farm', '--policy', 'bad.yaml'],
      ['farm', '--digest', 'abcd'],
    ];
    for (const args of tries) {
      const { code, stdout } = await run('token', 'new', ...args);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' });
    }
    expect(await policyText()).toBe(text);
  });
});

describe('weighbridge token revoke', () => {
  it('takes out the one that is named, or all', async () => {
    const first = digestOf((await run('token', 'new', 'farm')).stdout.trim());
    const second = digestOf((await run('token', 'new', 'farm')).stdout.trim());
    expect(await run('token', 'revoke', 'farm', '--digest', first.slice(0, 12))).toMatchObject({ code: 0 });
    expect((await tokensOf('farm'))?.map(({ sha256 }) => sha256)).toEqual([second]);
    const last = await run('token', 'revoke', 'farm', '--json');
    expect(JSON.parse(last.stdout)).toMatchObject({ principal: 'farm', revoked: [{ sha256: second }], left: 0 });
    expect(await tokensOf('farm')).toEqual([]);
  });

  it('says when there is nothing of that name', async () => {
    expect((await run('token', 'revoke', 'farm')).code).toBe(2);
    await run('token', 'new', 'farm');
    expect((await run('token', 'revoke', 'other')).code).toBe(5);
    expect((await run('token', 'revoke', 'toString')).code).toBe(5);
    expect((await run('token', 'revoke', 'farm', '--digest', '0000000000000000')).code).toBe(5);
    expect((await run('token', 'revoke', 'farm', '--digest', 'zz')).code).toBe(2);
  });
});
