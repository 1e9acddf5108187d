import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { expectThat, type Proof, type ProofCheck } from './proof.ts';
import { proofPublisher } from './throw-away-deployment.ts';

/** Of the proof alone; only its digest leaves this machine. */
const token = `weighbridge_${randomBytes(32).toString('base64url')}`;
const authorization = { authorization: `Bearer ${token}` };
/** Seconds in which a grant that was taken back may still be good for a new URL. */
const revokedWithin = 30;

const skip = ({ outputs }: Proof) =>
  outputs.AccessUrl === undefined ? 'no cloud.access in the weighbridge.yaml of --config' : undefined;

/** The access API gives private weights to whom the policy names, and to nobody else. */
export const apiChecks: readonly ProofCheck[] = [
  {
    name: 'api-policy',
    needs: ['submit-private'],
    skip,
    async run(proof) {
      await submitPolicy(proof, {
        weights: { to: ['proof', 'farm'], collections: [proof.releases.private.collection] },
      });
      const { status, text } = await ask(proof, '/healthz');
      expectThat(status === 200, `expected a healthy API, got ${status} ${text}`);
      // Until it has forgotten that there was none.
      await answered(proof, `/registry`, 200);
      return 'access.yaml is submitted, and holds';
    },
  },
  {
    name: 'api-token',
    needs: ['api-policy'],
    async run(proof) {
      await pulled(proof, 'token', (...args) => proof.asNobody({ WEIGHBRIDGE_TOKEN: token }, ...args));
      return 'whoever has the token pulls the private release, and needs nothing else';
    },
  },
  {
    name: 'api-aws',
    needs: ['api-policy'],
    async run(proof) {
      await pulled(proof, 'aws', proof.weighbridge);
      return 'a principal of this account pulls it by its own signature';
    },
  },
  {
    name: 'api-refused',
    needs: ['api-policy'],
    async run(proof) {
      const path = `/${proof.releases.private.collection}/1.0.0/config.json`;
      const expected: readonly (readonly [string, number, Promise<Answer>])[] = [
        ['no token', 401, ask(proof, path, {})],
        ['a token of nobody', 401, ask(proof, path, { authorization: `Bearer weighbridge_${'A'.repeat(43)}` })],
        ['no signature', 403, ask(proof, path, {}, 'aws')],
        ['a token in place of a signature', 403, ask(proof, path, authorization, 'aws')],
        ['a release that is not granted', 404, ask(proof, '/proof-other/1.0.0/config.json')],
      ];
      for (const [what, status, asked] of expected) {
        const answer = await asked;
        expectThat(answer.status === status, `expected ${status} for ${what}, got ${answer.status}`);
        expectThat(!/X-Amz-|config/.test(answer.text), `the refusal of ${what} says too much: ${answer.text}`);
      }
      return expected.map(([what]) => what).join(', ');
    },
  },
  {
    name: 'api-url',
    needs: ['api-policy'],
    async run(proof) {
      const url = await urlOf(proof);
      const part = await fetch(url, { headers: { range: 'bytes=0-3' } });
      expectThat(part.status === 206 && (await part.arrayBuffer()).byteLength === 4, `no range: ${part.status}`);
      for (const [name, value] of Object.entries({ versionId: 'null', 'X-Amz-Expires': '3599' })) {
        const changed = new URL(url);
        changed.searchParams.set(name, value);
        const { status } = await fetch(changed);
        expectThat(status === 403, `expected 403 with another ${name}, got ${status}`);
      }
      const { status } = await fetch(url, { method: 'PUT', body: 'x' });
      expectThat(status === 403, `expected 403 for a PUT, got ${status}`);
      return 'it gives ranges of one version of one object, and nothing else';
    },
  },
  {
    name: 'api-url-alone',
    needs: ['api-policy'],
    notOnEmulator: 'it takes two credentials at once',
    async run(proof) {
      const { status } = await fetch(await urlOf(proof), { headers: authorization });
      expectThat(status === 400, `expected S3 to refuse the token beside the URL with 400, got ${status}`);
      return 'a client that sends its token on is refused, as docs/recipes.md says';
    },
  },
  {
    name: 'api-revoked',
    needs: ['api-policy'],
    async run(proof) {
      const before = await urlOf(proof);
      await submitPolicy(proof, {});
      const seconds = await answered(proof, `/${proof.releases.private.collection}/1.0.0/config.json`, 404);
      const { status } = await fetch(before);
      expectThat(status === 200, `expected the URL from before to live to its end, got ${status}`);
      return `no new URLs ${seconds} s after the run; those from before live to their end`;
    },
  },
];

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(
  proof: Proof,
  path: string,
  headers: Readonly<Record<string, string>> = authorization,
  by: 'token' | 'aws' = 'token',
): Promise<Answer> {
  const answer = await fetch(`${proof.api(by)}${path}`, { headers, redirect: 'manual' });
  return { status: answer.status, text: await answer.text() };
}

async function urlOf(proof: Proof): Promise<URL> {
  const { status, text } = await ask(proof, `/${proof.releases.private.collection}/1.0.0/config.json?redirect=0`);
  expectThat(status === 200, `expected a URL, got ${status} ${text}`);
  return new URL(text.trim());
}

/** Asks again until it is answered so. @returns seconds that it took */
async function answered(proof: Proof, path: string, status: number): Promise<number> {
  const began = performance.now();
  for (;;) {
    const answer = await ask(proof, path);
    const seconds = Math.round((performance.now() - began) / 1000);
    if (answer.status === status) return seconds;
    expectThat(
      seconds <= revokedWithin,
      `expected ${status} for ${path} within ${revokedWithin} s, got ${answer.status}`,
    );
    await sleep(1000);
  }
}

async function submitPolicy(proof: Proof, grants: object): Promise<void> {
  const sha256 = createHash('sha256').update(token).digest('hex');
  const expires = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  const principals = { proof: { aws: [proof.place.account] }, farm: { tokens: [{ sha256, expires }] } };
  await writeFile(join(proof.folder, 'access.yaml'), stringify({ weighbridgeAccess: 1, principals, grants }));
  const { code, said } = await proof.asPublisher('submit', 'access.yaml', '--publisher', proofPublisher, '--wait');
  expectThat(code === 0, `the policy was not taken:\n${said}`);
}

async function pulled(proof: Proof, by: 'token' | 'aws', program: Proof['weighbridge']): Promise<void> {
  const { collection, files } = proof.releases.private;
  const into = join(proof.folder, `pulled-${by}`);
  const { code, said } = await program('pull', `${collection}@1.0.0`, '--from', proof.api(by) ?? '', '--into', into);
  expectThat(code === 0, said);
  for (const [name, bytes] of Object.entries(files)) {
    expectThat((await readFile(join(into, name))).equals(bytes), `${name} came with other bytes`);
  }
}
