import { describe, expect, test } from 'vitest';
import { layOutMirror, temporaryFolder } from '../fixtures/mirror.ts';
import { ask } from '../fixtures/serving.ts';
import { runMain } from './run-main.ts';
import { startServe } from './start-serve.ts';

const releases = [{ collection: 'weights', version: '1.0.0', files: { 'a.bin': 'aaa' } }];

describe('serve', () => {
  test.each(['SIGINT', 'SIGTERM'])('prints its address, serves, and ends well on %s', async (signal) => {
    const { root } = await layOutMirror(releases);
    const { url, output, ended, signals } = await startServe(['--store', `file:${root}`]);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
    expect((await ask(url.trim(), '/weights/1.0.0/a.bin')).body.toString()).toBe('aaa');
    signals.emit(signal);
    expect(await ended).toBe(0);
    expect(output.stdout).toBe(url);
    expect(output.stderr).toContain(`weighbridge pull weights@1.0.0 --from ${url.trim()} --into ./weights`);
    await expect(ask(url.trim(), '/')).rejects.toThrow('ECONNREFUSED');
  });

  test('says when its port is taken', async () => {
    const { root } = await layOutMirror(releases);
    const { url, ended, signals } = await startServe(['--store', `file:${root}`]);
    const { port } = new URL(url);
    const second = await runMain(['serve', '--store', `file:${root}`, '--port', port]);
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining(`127.0.0.1:${port} is taken`) });
    signals.emit('SIGINT');
    await ended;
  });

  test('refuses what is no mirror, and private releases', async () => {
    expect((await runMain(['serve', '--store', `file:${await temporaryFolder()}`, '--port', '0'])).code).toBe(5);
    const { root } = await layOutMirror(releases, { access: 'private' });
    expect(await runMain(['serve', '--store', `file:${root}`, '--port', '0'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('holds private releases: they are not served without grants'),
    });
  });
});
