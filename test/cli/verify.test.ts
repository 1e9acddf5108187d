import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { layOutMirror, temporaryFolder } from '../fixtures/mirror.ts';
import { serving } from '../fixtures/serving.ts';
import { runMain } from './run-main.ts';

const releases = [
  { collection: 'weights', version: '1.0.0', files: { 'a.bin': 'aaa', 'sub/b.bin': 'b' } },
  { collection: 'tiny', version: '0.1.0', files: { 'c.bin': 'c' } },
];

describe('verify', () => {
  test('says what was proven in one line', async () => {
    const { root } = await layOutMirror(releases);
    const { code, stdout } = await runMain(['verify', '--store', `file:${root}`]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^file:\S+: 2 releases verified, 5 B hashed in \d\.\d s\n$/);
  });

  test('names every finding on a line of its own and exits with 1', async () => {
    const { root, path } = await layOutMirror(releases);
    await writeFile(path('weights/1.0.0/a.bin'), 'aab');
    await rm(path('tiny/0.1.0/c.bin'));
    await writeFile(path('stray.txt'), '');
    const { code, stdout } = await runMain(['verify', '--store', `file:${root}`]);
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('missing  tiny@0.1.0  c.bin: tiny/0.1.0/c.bin is listed and not there');
    expect(lines[1]).toContain('digest  weights@1.0.0  a.bin: weights/1.0.0/a.bin holds other bytes');
    expect(lines[2]).toContain('stray.txt does not belong to this mirror');
    expect(lines[3]).toContain('3 findings; 2 of 2 releases not as published');
  });

  test('speaks JSON, also of failures', async () => {
    const { root, path } = await layOutMirror(releases);
    await writeFile(path('weights/1.0.0/a.bin'), 'aab');
    const { code, stdout } = await runMain(['verify', 'weights', '--json', '--store', `file:${root}`]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      releases: [{ release: 'weights@1.0.0', state: 'invalid' }],
      findings: [{ kind: 'digest', file: 'a.bin', expected: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      replicas: [],
    });
  });

  test('never calls a quick look verified', async () => {
    const { root } = await layOutMirror(releases);
    const { code, stdout } = await runMain(['verify', '--quick', '--store', `file:${root}`]);
    expect(code).toBe(0);
    expect(stdout).toContain('2 releases: sizes and records agree; no content was read');
    expect(stdout).not.toContain('verified');
  });

  test('reads a mirror on the web as its consumers do', async () => {
    const { root, path } = await layOutMirror(releases);
    const url = await serving(root);
    expect(await runMain(['verify', '--store', url])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('cannot be listed: files that do not belong there would not be seen'),
    });
    await writeFile(path('tiny/0.1.0/c.bin'), 'C');
    const changed = await runMain(['verify', '--store', url]);
    expect(changed).toMatchObject({ code: 1, stdout: expect.stringContaining('digest  tiny@0.1.0  c.bin') });
  });

  test('compares replicas with the primary', async () => {
    const { root } = await layOutMirror(releases);
    const replica = await temporaryFolder();
    await cp(root, replica, { recursive: true, preserveTimestamps: true });
    const both = ['verify', '--store', `file:${root}`, '--replica', `file:${replica}`];
    expect((await runMain(both)).code).toBe(0);
    await writeFile(join(replica, 'tiny/0.1.0/RELEASE.md'), '# other\n');
    expect(await runMain(both)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('replica  tiny@0.1.0  RELEASE.md'),
    });
    const { root: lesser } = await layOutMirror(releases.slice(0, 1));
    const lacking = await runMain(['verify', 'tiny', '--store', `file:${root}`, '--replica', `file:${lesser}`]);
    expect(lacking).toMatchObject({ code: 1, stdout: expect.stringContaining('does not have tiny@0.1.0') });
  });

  test('keeps what it found of a mirror when a replica cannot be looked at', async () => {
    const { root } = await layOutMirror(releases);
    const { root: copy } = await layOutMirror(releases);
    const away = `file:${await temporaryFolder()}`;
    const command = ['verify', '--store', `file:${root}`, '--replica', away, '--replica', `file:${copy}`];
    const shown = await runMain(command);
    expect(shown).toMatchObject({ code: 5, stdout: expect.stringContaining(`file:${root}: `) });
    expect(shown.stdout).toContain(`missing  ${away}  registry.json: ${away} is not a mirror`);
    expect(shown.stdout).toContain(`${away}: 1 finding; no release was looked at`);
    const { code, stdout } = await runMain([...command, '--json']);
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      findings: [],
      replicas: [
        { store: away, ok: false, releases: [], findings: [{ store: away, kind: 'missing' }] },
        { ok: true, findings: [] },
      ],
    });
  });

  test('says when there is no such release or mirror', async () => {
    const { root } = await layOutMirror(releases);
    expect((await runMain(['verify', 'tiny@9.9.9', '--store', `file:${root}`])).code).toBe(5);
    expect((await runMain(['verify'], { cwd: await temporaryFolder() })).code).toBe(5);
  });
});
