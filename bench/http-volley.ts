import { Agent, request } from 'node:http';

/** One request that is made many times. */
export interface Shot {
  readonly method?: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ShotAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: Buffer;
}

export interface Volley {
  /** Milliseconds of each, in ascending order. */
  readonly times: readonly number[];
  /** Seconds of all together. */
  readonly wall: number;
  /** What went wrong, one text for each request that did. */
  readonly errors: readonly string[];
}

/**
 * Work done `count` times, `concurrency` at once, over connections that are kept.
 * @param work one of them; throws where the answer is not the right one
 */
export async function volley(
  count: number,
  concurrency: number,
  work: (number: number, send: (shot: Shot) => Promise<ShotAnswer>) => Promise<void>,
): Promise<Volley> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const times: number[] = [];
  const errors: string[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      const started = performance.now();
      try {
        await work(number, (shot) => fire(agent, shot));
        times.push(performance.now() - started);
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const wall = (performance.now() - started) / 1000;
  agent.destroy();
  return { times: times.sort((a, b) => a - b), wall, errors };
}

/** The value that this share of all lies below. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function fire(agent: Agent, { method = 'GET', url, headers = {}, body }: Shot): Promise<ShotAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers: got } = response;
        resolve({ status: statusCode, location: got.location, body: Buffer.concat(chunks) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
