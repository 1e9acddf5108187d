import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runMain } from './run-main.ts';

const valid = `weighbridge: 1
collection: tiny
version: 1.0.0
access: public
artifacts:
  - id: vae
    file: vae.ckpt
    source: file:vae.ckpt
    sha256: ${'ab'.repeat(32)}
`;

describe('weighbridge validate', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'validate-'));
    await writeFile(join(directory, 'good.yaml'), valid);
    await writeFile(join(directory, 'wrong.yaml'), valid.replace('1.0.0', '1.10').replace('public', 'open'));
    await writeFile(join(directory, 'unlocked.yaml'), valid.replace(/ {4}sha256.*\n/u, ''));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const validate = (...args: string[]) => runMain(['validate', ...args], { cwd: directory });

  it('says that a good manifest is good', async () => {
    expect(await validate('good.yaml')).toMatchObject({
      code: 0,
      stdout: '1 file: 1 valid, 0 not, 0 errors, 0 warnings\n',
      stderr: '',
    });
  });

  it('prints every problem of every file with its place, and exits 2', async () => {
    const { code, stdout } = await validate('wrong.yaml', 'unlocked.yaml', 'nowhere.yaml', '.');
    expect(code).toBe(2);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/(: (?:error|warning): [^:]*).*/u, '$1'))).toEqual([
      'wrong.yaml:3:10: error: version',
      'wrong.yaml:4:9: error: access',
      'unlocked.yaml:6:5: warning: artifacts[0]',
      'nowhere.yaml:1:1: error: cannot be read',
      '.:1:1: error: cannot be read',
      '4 files: 1 valid, 3 not, 4 errors, 1 warning',
    ]);
  });

  it('shows the value that it found', async () => {
    const { stdout } = await validate('wrong.yaml');
    expect(stdout).toContain('wrong.yaml:4:9: error: access: write public or private (found: open)\n');
  });

  it('exits 0 when there are only warnings', async () => {
    expect((await validate('good.yaml', 'unlocked.yaml')).code).toBe(0);
  });

  it('prints one JSON document with --json, on failure too', async () => {
    const { code, stdout } = await validate('--json', 'good.yaml', 'wrong.yaml');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      files: [
        { file: 'good.yaml', ok: true, problems: [] },
        {
          file: 'wrong.yaml',
          ok: false,
          problems: [
            expect.objectContaining({ file: 'wrong.yaml', line: 3, column: 10, field: 'version', value: '1.10' }),
            {
              file: 'wrong.yaml',
              line: 4,
              column: 9,
              field: 'access',
              value: 'open',
              message: 'write public or private',
              severity: 'error',
            },
          ],
        },
      ],
    });
  });

  it('finds a file: source that a link leads out of the folder', async () => {
    await mkdir(join(directory, 'inner'));
    await writeFile(join(directory, 'inner', 'm.yaml'), valid);
    await writeFile(join(directory, 'vae.ckpt'), 'x');
    expect((await validate('inner/m.yaml')).code).toBe(0);
    await symlink('../vae.ckpt', join(directory, 'inner', 'vae.ckpt'));
    const { code, stdout } = await validate('inner/m.yaml');
    expect(code).toBe(2);
    expect(stdout).toContain('inner/m.yaml:8:13: error: artifacts[0].source: a link leads out of');
  });

  it('takes the placeholders of weighbridge.yaml', async () => {
    await writeFile(join(directory, 'weighbridge.yaml'), 'placeholders: [to-come]\n');
    await writeFile(join(directory, 'm.yaml'), valid.replace('file:vae.ckpt', 'https://to-come/vae.ckpt'));
    expect((await validate('m.yaml')).stdout).toContain('m.yaml:8:13: warning: artifacts[0].source: a placeholder');
  });
});
