import { describe, expect, test } from 'vitest';
import { layOutMirror, temporaryFolder } from '../fixtures/mirror.ts';
import { serving } from '../fixtures/serving.ts';
import { runMain } from './run-main.ts';

const releases = [
  { collection: 'weights', version: '1.0.0', files: { 'a.bin': 'aaa', 'sub/b.bin': 'b' } },
  {
    collection: 'weights',
    version: '1.1.0',
    files: { 'a.bin': 'x' },
    yanked: { at: '2026-02-02', reason: 'wrong \u001b[2J file' },
  },
  { collection: 'tiny', version: '0.1.0', files: { 'c.bin': 'c' } },
];

describe('ls', () => {
  test('lists every release in columns, and what is the latest', async () => {
    const { root } = await layOutMirror(releases);
    const { code, stdout, stderr } = await runMain(['ls', '--from', `file:${root}`]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      [
        'RELEASE                FILES    SIZE  PUBLISHED',
        'tiny@0.1.0     latest  1 file   1 B   2026-01-03',
        'weights@1.0.0  latest  2 files  4 B   2026-01-01',
        'weights@1.1.0          1 file   1 B   2026-01-02  yanked: wrong \\u001b[2J file',
        '',
      ].join('\n'),
    );
  });

  test('lists the files of a release, and where their digests are from', async () => {
    const { root } = await layOutMirror([
      {
        collection: 'weights',
        version: '1.0.0',
        files: { 'a.bin': 'aaa' },
        missing: [{ id: 'extra', file: 'extra.bin', reason: 'HTTP 404' }],
        edit: (release) => ({
          ...release,
          artifacts: release.artifacts.map((artifact) => ({ ...artifact, digestFrom: 'computed' as const })),
        }),
      },
    ]);
    const { code, stdout, stderr } = await runMain(['ls', 'weights', '--from', `file:${root}`]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      'ID     FILE   SIZE  SHA256        DIGEST\na.bin  a.bin  3 B   9834876dcfb0  as first downloaded\n',
    );
    expect(stderr).toContain('extra.bin was not available at publication and stays missing: HTTP 404');
  });

  test('speaks JSON', async () => {
    const { root } = await layOutMirror(releases);
    const all = await runMain(['ls', '--json', '--from', `file:${root}`]);
    expect(JSON.parse(all.stdout).releases).toMatchObject([
      { collection: 'tiny', version: '0.1.0', latest: true, bytes: 1 },
      { collection: 'weights', version: '1.0.0', latest: true },
      { collection: 'weights', version: '1.1.0', latest: false, yanked: { at: '2026-02-02' } },
    ]);
    const one = await runMain(['ls', 'tiny@0.1.0', '--json', '--from', `file:${root}`]);
    expect(JSON.parse(one.stdout)).toMatchObject({ release: { artifacts: [{ file: 'c.bin', size: 1 }] } });
  });

  test('reads a mirror on the web, also at an address of this machine that was typed', async () => {
    const { root } = await layOutMirror(releases);
    const { code, stdout } = await runMain(['ls', '--from', await serving(root)]);
    expect(code).toBe(0);
    expect(stdout).toContain('tiny@0.1.0');
  });

  test('says what is wrong, with the code that means it', async () => {
    const cwd = await temporaryFolder();
    const { root } = await layOutMirror(releases);
    expect(await runMain(['ls'], { cwd })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('file:./mirror is not a mirror: it has no registry.json'),
    });
    expect(await runMain(['ls', 'wieghts', '--from', `file:${root}`])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('did you mean weights?'),
    });
    expect((await runMain(['ls', 'Not A Name'], { cwd })).code).toBe(2);
    const failed = await runMain(['ls', 'nothing', '--json', '--from', `file:${root}`]);
    expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: 'NotFound' } });
  });
});
