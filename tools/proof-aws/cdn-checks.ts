import { expectThat, type Proof, type ProofCheck } from './proof.ts';

const year = /(?:^|,)\s*max-age=31536000\b/;
const minute = /(?:^|,)\s*max-age=60\b/;

/** What anybody gets of CloudFront. */
export const cdnChecks: readonly ProofCheck[] = [
  {
    name: 'cdn-registry',
    needs: ['submit-public'],
    async run(proof) {
      const { status, headers, body } = await proof.cdn('/registry.json');
      expectThat(status === 200, `expected 200, got ${status}`);
      expectThat(minute.test(headers['cache-control'] ?? ''), `its cache-control is ${headers['cache-control']}`);
      const { collections } = JSON.parse(body.toString()) as { readonly collections: object };
      const names = Object.keys(collections);
      expectThat(names.join() === proof.releases.public.collection, `it lists ${names.join(', ')}`);
      return 'lists the public release and no private one, for a minute';
    },
  },
  {
    name: 'cdn-file',
    needs: ['submit-public'],
    async run(proof) {
      const { status, headers, body } = await proof.cdn(weights(proof));
      expectThat(status === 200, `expected 200, got ${status}`);
      expectThat(body.equals(bytesOf(proof)), `${body.length} bytes that are not those that were submitted`);
      expectThat(year.test(headers['cache-control'] ?? ''), `its cache-control is ${headers['cache-control']}`);
      expectThat(headers['x-content-type-options'] === 'nosniff', 'nosniff is missing');
      return `${body.length} bytes as submitted, for a year`;
    },
  },
  {
    name: 'cdn-range',
    needs: ['submit-public'],
    async run(proof) {
      const { status, headers, body } = await proof.cdn(weights(proof), { headers: { range: 'bytes=1000-1999' } });
      expectThat(status === 206, `expected 206, got ${status}`);
      const { length } = bytesOf(proof);
      expectThat(headers['content-range'] === `bytes 1000-1999/${length}`, `got ${headers['content-range']}`);
      expectThat(body.equals(bytesOf(proof).subarray(1000, 2000)), 'other bytes than those');
      return 'a range is that range';
    },
  },
  {
    name: 'cdn-missing',
    needs: ['submit-public'],
    async run(proof) {
      for (const method of ['GET', 'HEAD']) {
        const { status } = await proof.cdn('/proof-public/9.9.9/none.bin', { method });
        expectThat(status === 404, `expected 404 for ${method}, got ${status}`);
      }
      return 'what is not there is a 404';
    },
  },
  {
    name: 'cdn-listing',
    needs: ['submit-public'],
    async run(proof) {
      for (const path of ['/?list-type=2', '/?versions', '/proof-public/?list-type=2']) {
        const { body } = await proof.cdn(path);
        expectThat(!/<List|<ListVersionsResult/.test(body.toString()), `${path} is a listing`);
      }
      return 'nothing can be listed';
    },
  },
  {
    name: 'cdn-private',
    needs: ['submit-public', 'submit-private'],
    async run(proof) {
      const { collection, version } = proof.releases.private;
      const { status } = await proof.cdn(`/${collection}/${version}/config.json`);
      expectThat(status === 404, `expected 404, got ${status}`);
      return 'the private release is not there';
    },
  },
  {
    name: 'cdn-write',
    needs: ['submit-public'],
    notOnEmulator: 'it answers methods that the distribution does not allow',
    async run(proof) {
      const { status } = await proof.cdn('/proof-public/1.0.0/config.json', { method: 'PUT' });
      expectThat(status === 403 || status === 405, `expected PUT to be refused, got ${status}`);
      return 'PUT is refused';
    },
  },
  {
    name: 'cdn-https',
    needs: ['submit-public'],
    notOnEmulator: 'it speaks plain http only',
    async run(proof) {
      const { status, headers } = await proof.cdn('/registry.json', { protocol: 'http:' });
      expectThat(status === 301 && headers.location?.startsWith('https://') === true, `got ${status}`);
      return 'plain http is redirected';
    },
  },
  {
    name: 'cdn-cached',
    needs: ['cdn-file'],
    notOnEmulator: 'it has no cache',
    async run(proof) {
      const path = '/proof-public/1.0.0/config.json';
      const seen: string[] = [];
      for (let tries = 0; tries < 5; tries += 1) {
        const { headers } = await proof.cdn(path);
        seen.push(headers['x-cache'] ?? 'no x-cache');
        if (/^hit/i.test(seen.at(-1) ?? '')) return 'served from the cache';
      }
      throw new Error(`five times asked, never from the cache: ${seen.join(', ')}`);
    },
  },
  {
    name: 'cdn-http3',
    needs: ['cdn-file'],
    notOnEmulator: 'it speaks HTTP/1.1 only',
    async run(proof) {
      const { headers } = await proof.cdn('/registry.json');
      expectThat(/\bh3=/.test(headers['alt-svc'] ?? ''), `alt-svc is ${headers['alt-svc']}`);
      return 'HTTP/3 is offered (and was not used: Node does not speak it)';
    },
  },
];

function weights({ releases }: Proof): string {
  return `/${releases.public.collection}/${releases.public.version}/weights.bin`;
}

function bytesOf({ releases }: Proof): Buffer {
  return releases.public.files['weights.bin'] ?? Buffer.alloc(0);
}
