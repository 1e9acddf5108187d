import { startFaultProxy } from '../../servers/fault-proxy.ts';
import { startStrictGcs } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { type BucketMirror, bucketNames, mirrorPrefix } from './bucket-mirror.ts';

/** A strict server of its own with two buckets, and a proxy before it. */
export async function gcsMirror(): Promise<BucketMirror> {
  const names = bucketNames();
  const running = await startStrictGcs({ anonymous: true, buckets: { [names.mirror]: {}, [names.state]: {} } });
  const proxy = await startFaultProxy(running.url);
  const objectsOf = (bucket: string) => `${running.url}/storage/v1/b/${bucket}/o`;
  const list = async (bucket: string, prefix: string) => {
    const sizes = new Map<string, number>();
    const answer = await fetch(`${objectsOf(bucket)}?prefix=${encodeURIComponent(prefix)}`);
    const { items = [] } = (await answer.json()) as { items?: { name: string; size: string }[] };
    for (const { name, size } of items) sizes.set(name.slice(prefix.length), Number(size));
    return sizes;
  };
  return {
    url: `gs://${names.mirror}/${mirrorPrefix.slice(0, -1)}`,
    state: `gs://${names.state}`,
    variables: { STORAGE_EMULATOR_HOST: proxy.url },
    proxy,
    objects: () => list(names.mirror, mirrorPrefix),
    stateObjects: () => list(names.state, ''),
    async read(key) {
      const answer = await fetch(`${objectsOf(names.mirror)}/${encodeURIComponent(mirrorPrefix + key)}?alt=media`);
      if (!answer.ok || answer.body === null) throw new Error(`${key}: ${answer.status}`);
      return answer.body;
    },
    async unfinished() {
      // Cloud Storage lists no sessions; the server knows how many are open.
      return Array.from({ length: running.server.sessions.open }, () => 'some object');
    },
    bytesSent: () =>
      proxy.requests
        .filter(({ method, target }) => method === 'PUT' && target.includes('upload_id='))
        .reduce((sum, { bytes }) => sum + bytes, 0),
    async close() {
      await proxy.stop();
      await running.stop();
    },
  };
}
