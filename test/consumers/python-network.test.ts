import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { createProxy } from 'proxy';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PullReport } from '../../lib/core/pull/pull-report.ts';
import { layOutMirror, temporaryFolder } from '../fixtures/mirror.ts';
import { hasProgram } from '../support/has-program.ts';
import { createCertificate } from '../upstream/certificate.ts';
import { startUpstream } from '../upstream/upstream.ts';
import { type PythonRun, weighbridgeGet } from './run-python.ts';

/** A mirror over TLS with an authority of its own, and a proxy for which every name leads there. */
async function distantMirror() {
  const certificate = createCertificate(['models.example']);
  const upstream = await startUpstream({ tls: certificate });
  onTestFinished(() => upstream.close());
  const mirror = await layOutMirror([{ collection: 'far', version: '1.0.0', files: { 'w.pt': 'weights' } }]);
  for (const key of ['registry.json', 'far/1.0.0/release.json', 'far/1.0.0/w.pt']) {
    upstream.put(`/${key}`, await readFile(mirror.path(key)));
  }
  const folder = await temporaryFolder();
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, certificate.ca);
  const asked: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket) => sockets.add(socket));
  server.prependListener('connect', (request) => {
    asked.push(request.url);
    request.url = `127.0.0.1:${new URL(upstream.origin).port}`;
  });
  const proxy = createProxy(server);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const proxyHost = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const get = async (from: string, env: Record<string, string>) =>
    weighbridgeGet(['far', '--from', from, '--into', await temporaryFolder(), '--json'], { env });
  return { upstream, proxy, proxyHost, asked, ca, get };
}

const messageOf = (run: PythonRun) => run.json<{ error: { message: string } }>().error.message;

describe.skipIf(!hasProgram('python3'))('the Python consumer and networks', () => {
  it('believes no certificate but those of the authorities that it was told', async () => {
    const { upstream, ca, get } = await distantMirror();
    const stranger = await get(upstream.origin, {});
    expect([stranger.status, messageOf(stranger)]).toEqual([1, expect.stringContaining('certificate')]);
    expect(upstream.requests).toEqual([]);
    expect((await get(upstream.origin, { SSL_CERT_FILE: ca })).json<PullReport>().ok).toBe(true);
    const elsewhere = await get(upstream.origin.replace('127.0.0.1', 'localhost'), { SSL_CERT_FILE: ca });
    expect([elsewhere.status, messageOf(elsewhere)]).toEqual([1, expect.stringContaining('certificate')]);
  });

  it('goes through the proxy of HTTPS_PROXY with its password, which no message shows, and around it for NO_PROXY', async () => {
    const { upstream, proxy, proxyHost, asked, ca, get } = await distantMirror();
    const wanted = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    proxy.authenticate = (request) => request.headers['proxy-authorization'] === wanted;
    const through = { SSL_CERT_FILE: ca, HTTPS_PROXY: `http://user:p%40ss@${proxyHost}` };
    expect((await get('https://models.example/', through)).json<PullReport>().ok).toBe(true);
    expect(new Set(asked)).toEqual(new Set(['models.example:443']));
    const wrong = await get('https://models.example/', { ...through, HTTPS_PROXY: `http://user:wr0ng@${proxyHost}` });
    expect([wrong.status, messageOf(wrong)]).toEqual([1, expect.stringMatching(/^the proxy .* 407/)]);
    expect(wrong.stdout + wrong.stderr).not.toContain('wr0ng');
    const before = asked.length;
    expect((await get(upstream.origin, { ...through, NO_PROXY: '127.0.0.1' })).status).toBe(0);
    expect(asked.length).toBe(before);
  });

  it('reads plain http from this machine, elsewhere only what is trusted, and never after https', async () => {
    const { upstream, ca, get } = await distantMirror();
    const plain = await get('http://models.example/', {});
    expect([plain.status, messageOf(plain)]).toEqual([2, expect.stringContaining('plain http')]);
    upstream.fault('/far/1.0.0/w.pt', { kind: 'redirect', to: 'http://models.example/w.pt' });
    const led = (await get(upstream.origin, { SSL_CERT_FILE: ca })).json<PullReport>();
    expect(led.files[0]?.reason).toContain('leads to plain http');
    for (const base of [
      'ftp://models.example/',
      'https://user:secret@models.example/',
      'https://models.example/?a=1',
      'models',
    ]) {
      const refused = await get(base, {});
      expect([refused.status, refused.stdout.includes('secret')]).toEqual([2, false]);
    }
  });
});
