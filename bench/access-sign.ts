import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { alignedRows } from '../lib/cli/aligned-rows.ts';
import { accessApp } from '../lib/core/access/api/access-app.ts';
import { createAuthenticator } from '../lib/core/access/authenticate/create-authenticator.ts';
import { PolicyFile } from '../lib/core/access/local/policy-file.ts';
import { parsePolicy } from '../lib/core/access/policy/parse-policy.ts';
import { StoreUrlSigner } from '../lib/core/access/store-url-signer.ts';
import { mostUrls, urlsAnswerSchema } from '../lib/core/access/wire.ts';
import { systemClock } from '../lib/core/clock.ts';
import { createHttpClient } from '../lib/core/http/create-http-client.ts';
import { StoreMirror } from '../lib/core/mirror/store-mirror.ts';
import { createS3Client } from '../lib/core/stores/create-s3-client.ts';
import { DirectoryStore } from '../lib/core/stores/directory-store.ts';
import { S3Store } from '../lib/core/stores/s3-store.ts';
import type { Bench } from './bench.ts';
import { machine, median, verdict } from './figures.ts';
import { findPeers } from './peers.ts';
import { type PrivateServer, startPrivateServer } from './private-server.ts';
import { inWorkspace } from './workspace.ts';

/** Nothing is sent anywhere with them. */
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const region = 'eu-central-1';

/** How long `POST /v1/urls` takes for as many files as it signs at most. */
export const accessSign: Bench = {
  summary: `${mostUrls} URLs in one POST /v1/urls: of a folder, and of S3; the presigner of the SDK in a loop`,
  async run({ rounds = 7 }, print) {
    print(`access-sign: ${mostUrls} URLs, ${rounds} rounds; ${findPeers(['time']).join(', ')}`);
    await inWorkspace(2 ** 28, async (folder) => {
      const server = await startPrivateServer(folder, mostUrls);
      const s3 = await s3Caller(folder, server);
      try {
        const jobs: readonly (readonly [string, () => Promise<void>])[] = [
          ['POST /v1/urls of serve, a folder', () => called(fetch(`${server.url}v1/urls`, requestOf(server)))],
          ['POST /v1/urls in this process, S3', () => called(s3.ask())],
          ['getSignedUrl of the SDK, one by one', () => presignAll(server)],
        ];
        const times = jobs.map((): number[] => []);
        const cpu = jobs.map((): number[] => []);
        for (const [, job] of jobs) await job();
        for (let round = 0; round < rounds; round += 1) {
          for (const [index, [, job]] of jobs.entries()) {
            const started = performance.now();
            const before = process.cpuUsage();
            await job();
            const { user, system } = process.cpuUsage(before);
            cpu[index]?.push((user + system) / 1e6);
            times[index]?.push((performance.now() - started) / 1000);
          }
        }
        report(
          jobs.map(([name]) => name),
          times,
          cpu,
          print,
        );
      } finally {
        await s3.close();
        await server.stop();
      }
    });
  },
};

function requestOf({ token }: PrivateServer) {
  return {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ collection: 'bench', version: '1.0.0' }),
  };
}

async function called(answer: Response | Promise<Response>): Promise<void> {
  const { urls } = urlsAnswerSchema.parse(await (await answer).json());
  if (new Set(urls.map(({ url }) => url)).size !== mostUrls) throw new Error(`${urls.length} URLs were signed`);
}

/** The API over the records of the folder, whose URLs are signed for a bucket. */
async function s3Caller(folder: string, server: PrivateServer) {
  const clock = systemClock;
  const client = createS3Client({ region, credentials });
  const http = createHttpClient({ userAgent: 'weighbridge/bench' });
  const reader = new StoreMirror(
    new DirectoryStore({ url: 'file:./mirror-private', root: join(folder, 'mirror-private') }),
  );
  const signer = new StoreUrlSigner(
    new S3Store({ url: 's3://bench', bucket: 'bench', prefix: '', client, clock }),
    clock,
  );
  const policies = await PolicyFile.open({
    path: join(folder, 'access.yaml'),
    clock,
    parse: (bytes) => parsePolicy(bytes, { file: 'access.yaml' }).policy,
    onTrouble(error) {
      throw error;
    },
    onTaken() {},
  });
  const api = accessApp({
    stores: [{ kind: 's3', reader, signer }],
    policies,
    authenticator: createAuthenticator({ http, clock }),
    audit: { record() {} },
    clock,
    newRequestId: () => 'bench',
  });
  return {
    ask: () => api.fetch(new Request('http://127.0.0.1/v1/urls', requestOf(server)), {}),
    async close() {
      client.destroy();
      await http.close();
    },
  };
}

/** As a script of few lines would. */
async function presignAll({ files }: PrivateServer): Promise<void> {
  const client = new S3Client({ region, credentials });
  for (const file of files) {
    const command = new GetObjectCommand({
      Bucket: 'bench',
      Key: `bench/1.0.0/${file}`,
      ResponseContentDisposition: `attachment; filename="${file}"`,
    });
    await getSignedUrl(client, command, { expiresIn: 900 });
  }
  client.destroy();
}

/** @param cpu seconds of this process alone: of `serve` they are its client's */
function report(
  names: readonly string[],
  times: readonly (readonly number[])[],
  cpu: readonly (readonly number[])[],
  print: (line: string) => void,
): void {
  const milliseconds = (seconds: number) => (1000 * seconds).toFixed(0);
  const rows = names.map((name, index) => {
    const all = times[index] ?? [];
    const used = milliseconds(median(cpu[index] ?? []));
    return [name, milliseconds(median(all)), milliseconds(Math.max(...all)), used, all.map(milliseconds).join(' ')];
  });
  for (const line of alignedRows([['', 'median ms', 'longest ms', 'CPU ms here', 'all'], ...rows])) print(line);
  const [folder = [], s3 = [], sdk = []] = times;
  const ratio = median(s3.map((time, round) => time / (sdk[round] ?? Number.NaN)));
  print(`time of POST /v1/urls for S3 to that of the SDK alone: ${ratio.toFixed(2)}`);
  for (const [what, all] of [
    ['of a folder', folder],
    ['of S3', s3],
  ] as const) {
    print(verdict(`seconds for ${mostUrls} URLs ${what}`, median(all), 'at most', 1, ' s'));
  }
  print(machine());
}
