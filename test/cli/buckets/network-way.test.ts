import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { createProxy } from 'proxy';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketRegion } from '../../../lib/cli/buckets/bucket-region.ts';
import { agentOptions, dispatcherFor, networkWay } from '../../../lib/cli/buckets/network-way.ts';
import { readEnvironment } from '../../../lib/cli/environment.ts';
import { createS3Client } from '../../../lib/core/stores/create-s3-client.ts';
import { plainAnswer } from '../../upstream/answer.ts';
import { createCertificate, type ServerCertificate } from '../../upstream/certificate.ts';
import { startUpstream, type Upstream } from '../../upstream/upstream.ts';

let certificate: ServerCertificate;
let upstream: Upstream;
let proxy: Server;
let proxyUrl: string;
let tunnels: (string | undefined)[];
let sockets: Set<Socket>;

beforeAll(async () => {
  certificate = createCertificate(['buckets.example']);
  upstream = await startUpstream({ tls: certificate });
  upstream.mount(() => plainAnswer(200, 'here', { 'x-amz-bucket-region': 'eu-south-2' }));
});

afterAll(() => upstream.close());

beforeEach(async () => {
  tunnels = [];
  sockets = new Set();
  const server = createServer();
  server.on('connection', (socket) => sockets.add(socket));
  // The outside world of this proxy: every name leads to the upstream.
  server.prependListener('connect', (connect) => {
    tunnels.push(connect.url);
    connect.url = `127.0.0.1:${new URL(upstream.origin).port}`;
  });
  proxy = createProxy(server);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => proxy.close(resolve));
});

const way = (server: string, variables: Record<string, string>) =>
  networkWay(new URL(server), readEnvironment(variables));

describe('the way to the server of a bucket', () => {
  it('follows the rules of the proxy variables', async () => {
    const variables = { HTTPS_PROXY: proxyUrl, NO_PROXY: '.internal.example' };
    expect((await way('https://buckets.example', variables)).proxy?.href).toBe(`${proxyUrl}/`);
    expect((await way('https://s3.internal.example', variables)).proxy).toBeUndefined();
    expect((await way('http://buckets.example', variables)).proxy).toBeUndefined();
    expect((await way('https://127.0.0.1:9000', variables)).proxy).toBeUndefined();
  });

  it('leads S3 through the proxy, trusting the certificates that were given', async () => {
    const ca = [certificate.ca];
    const agent = agentOptions({ proxy: new URL(proxyUrl), ca });
    const endpoint = 'https://buckets.example';
    const common = { region: 'us-east-1', endpoint, forcePathStyle: true, credentials: 'anonymous' } as const;
    const client = createS3Client({ ...common, agent });
    await client.send(new HeadBucketCommand({ Bucket: 'models' }));
    expect(tunnels).toEqual(['buckets.example:443']);
    const distrustful = createS3Client({ ...common, agent: agentOptions({ proxy: new URL(proxyUrl) }) });
    await expect(distrustful.send(new HeadBucketCommand({ Bucket: 'models' }))).rejects.toThrow();
    client.destroy();
    distrustful.destroy();
  });

  it('leads Cloud Storage through the proxy, trusting the certificates that were given', async () => {
    const dispatcher = await dispatcherFor({ proxy: new URL(proxyUrl), ca: [certificate.ca] }, 4);
    const { statusCode, body } = await request('https://buckets.example/storage/v1/b/x', { dispatcher });
    expect([statusCode, await body.text()]).toEqual([200, 'here']);
    expect(tunnels).toEqual(['buckets.example:443']);
    await dispatcher.close();
    const straight = await dispatcherFor({ proxy: undefined, ca: [certificate.ca] }, 4);
    await expect(request(`${upstream.origin}/`, { dispatcher: straight })).resolves.toMatchObject({ statusCode: 200 });
    await straight.close();
  });

  it('asks for the region of a bucket by the same way, and takes it from a refusal too', async () => {
    const agent = agentOptions({ proxy: new URL(proxyUrl), ca: [certificate.ca] });
    expect(await bucketRegion('models', agent, 'https://buckets.example')).toBe('eu-south-2');
    upstream.fault('*', { kind: 'status', status: 403, headers: { 'x-amz-bucket-region': 'ap-east-1' } });
    expect(await bucketRegion('models', agent, 'https://buckets.example')).toBe('ap-east-1');
    upstream.heal();
    const nobody = agentOptions({ proxy: undefined });
    expect(await bucketRegion('models', nobody, 'http://127.0.0.1:1')).toBeUndefined();
  });
});
