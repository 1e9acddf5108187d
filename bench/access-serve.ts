import { join } from 'node:path';
import { alignedRows } from '../lib/cli/aligned-rows.ts';
import type { Bench } from './bench.ts';
import { machine, median, verdict } from './figures.ts';
import { quantile, type Volley, volley } from './http-volley.ts';
import { findPeers } from './peers.ts';
import { type PrivateServer, startListening, startPrivateServer } from './private-server.ts';
import { inWorkspace } from './workspace.ts';

const concurrency = 50;

interface Shooter {
  readonly name: string;
  shoot(count: number): Promise<Volley>;
}

/** What a decision and a signature cost: the access API against a plain file of the same server, and against Node alone. */
export const accessServe: Bench = {
  summary: `--count (2000) requests, ${concurrency} at once, to serve --private-store with a token; public file, bare node:http`,
  async run({ count = 2000, rounds = 3 }, print) {
    print(
      `access-serve: ${count} requests, ${concurrency} at once, ${rounds} rounds; ${findPeers(['time']).join(', ')}`,
    );
    await inWorkspace(2 ** 28, async (folder) => {
      const server = await startPrivateServer(folder, 100);
      const bare = await startListening([process.execPath, join(import.meta.dirname, 'bare-redirect.ts')], folder);
      try {
        const shooters = shootersAt(server, bare.url);
        for (const { shoot } of shooters) await shoot(200);
        const volleys = shooters.map((): Volley[] => []);
        for (let round = 0; round < rounds; round += 1) {
          for (const [index, { shoot }] of shooters.entries()) volleys[index]?.push(await shoot(count));
        }
        report(shooters, volleys, print);
      } finally {
        await bare.stop();
        await server.stop();
      }
    });
  },
};

function shootersAt({ url, token, files }: PrivateServer, bare: string): readonly Shooter[] {
  const headers = { authorization: `Bearer ${token}` };
  const fileOf = (number: number) => files[number % files.length] ?? '';
  const api = (number: number) => ({ url: `${url}v1/bench/1.0.0/${fileOf(number)}`, headers });
  return [
    {
      name: 'access API, redirect',
      shoot: (count) =>
        volley(count, concurrency, async (number, send) => {
          const { status, location } = await send(api(number));
          if (status !== 302 || !location?.includes('/~signed/')) throw new Error(`redirect: status ${status}`);
        }),
    },
    {
      name: 'access API, redirect and file',
      shoot: (count) =>
        volley(count, concurrency, async (number, send) => {
          const { location = '' } = await send(api(number));
          mustBe(await send({ url: location }), fileOf(number));
        }),
    },
    {
      name: 'public file, same server',
      shoot: (count) =>
        volley(count, concurrency, async (number, send) => {
          mustBe(await send({ url: `${url}bench/1.0.0/${fileOf(number)}` }), fileOf(number));
        }),
    },
    {
      name: 'bare node:http, redirect',
      shoot: (count) =>
        volley(count, concurrency, async (_, send) => {
          const { status } = await send({ url: bare });
          if (status !== 302) throw new Error(`bare redirect: status ${status}`);
        }),
    },
  ];
}

function mustBe({ status, body }: { readonly status: number; readonly body: Buffer }, file: string): void {
  if (status !== 200 || body.toString() !== file.padEnd(64))
    throw new Error(`file: status ${status}, ${body.length} bytes`);
}

/** @throws Error when any request failed */
function report(shooters: readonly Shooter[], volleys: readonly (readonly Volley[])[], print: (line: string) => void) {
  const of = (index: number, figure: (volley: Volley) => number) => median((volleys[index] ?? []).map(figure));
  const p99 = (volley: Volley) => quantile(volley.times, 0.99);
  const head = ['', 'p50 ms', 'p99 ms', 'requests/s', 'errors', 'all p99'];
  const rows = shooters.map(({ name }, index) => [
    name,
    of(index, ({ times }) => quantile(times, 0.5)).toFixed(1),
    of(index, p99).toFixed(1),
    of(index, ({ times, wall }) => times.length / wall).toFixed(0),
    String((volleys[index] ?? []).reduce((sum, { errors }) => sum + errors.length, 0)),
    (volleys[index] ?? []).map((volley) => p99(volley).toFixed(1)).join(' '),
  ]);
  for (const line of alignedRows([head, ...rows])) print(line);
  print(
    `p50 of the redirect to that of the public file: ${ratio(volleys, 0, 2)}, of a bare redirect: ${ratio(volleys, 0, 3)}`,
  );
  const errors = volleys.flat().flatMap((one) => one.errors);
  print(verdict('failed requests', errors.length, 'at most', 0));
  print(machine());
  if (errors.length > 0) throw new Error(`${errors.length} requests failed, the first: ${errors[0]}`);
}

/** Of the same rounds, since they stand beside each other in time. */
function ratio(volleys: readonly (readonly Volley[])[], ours: number, peer: number): string {
  const pairs = (volleys[ours] ?? []).map((one, round) => {
    return quantile(one.times, 0.5) / quantile(volleys[peer]?.[round]?.times ?? [], 0.5);
  });
  return median(pairs).toFixed(2);
}
