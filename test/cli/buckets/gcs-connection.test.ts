import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectGcs } from '../../../lib/cli/buckets/gcs-connection.ts';
import { readEnvironment } from '../../../lib/cli/environment.ts';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { plainAnswer } from '../../upstream/answer.ts';
import { startUpstream } from '../../upstream/upstream.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-google-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function connectWith(credentials: object) {
  const file = join(folder, 'key.json');
  await writeFile(file, JSON.stringify(credentials));
  return await connectGcs('store', {}, readEnvironment({ GOOGLE_APPLICATION_CREDENTIALS: file }));
}

async function clientOf(credentials: object): Promise<unknown> {
  const access = await connectWith(credentials);
  const auth = access.storage.authClient;
  return auth instanceof GoogleAuth ? await auth.getClient() : auth;
}

describe('credentials of Google', () => {
  it('of a file may be of every kind that Google makes, and are read without a word on stderr', async () => {
    const said: unknown[] = [];
    const { warn } = console;
    console.warn = (...words) => said.push(words);
    try {
      const user = { type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' };
      expect((await clientOf(user)) as object).toHaveProperty('_refreshToken', 'c');
      const service = { type: 'service_account', client_email: 'a@b.example', private_key: 'key' };
      expect((await clientOf(service)) as object).toHaveProperty('email', 'a@b.example');
      const external = {
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: 'https://sts.googleapis.com/v1/token',
        credential_source: { file: join(folder, 'token') },
      };
      expect((await clientOf(external)) as object).toHaveProperty('subjectTokenType');
    } finally {
      console.warn = warn;
    }
    expect(said).toEqual([]);
  });

  it('of an external account are exchanged for a token, which goes with requests', async () => {
    const sts = await startUpstream();
    try {
      const answer = { access_token: 'exchanged', token_type: 'Bearer', expires_in: 3600 };
      sts.mount(() => plainAnswer(200, JSON.stringify(answer), { 'content-type': 'application/json' }));
      await writeFile(join(folder, 'token'), 'identity-token');
      const external = {
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: sts.url('/token'),
        credential_source: { file: join(folder, 'token') },
      };
      const { storage } = await connectWith(external);
      const headers = await storage.authClient.getRequestHeaders('https://storage.googleapis.com/');
      expect(headers.get('authorization')).toBe('Bearer exchanged');
      expect(sts.requests).toHaveLength(1);
    } finally {
      await sts.close();
    }
  });

  it('of a service account sign URLs with its key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { storage } = await connectWith({
      type: 'service_account',
      client_email: 'stage@acme.example',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    });
    const store = new GcsStore({ url: 'gs://models', bucket: 'models', prefix: '', storage });
    const { url } = await store.presign('c/1.0.0/w.bin', { expiresIn: 60 });
    expect(new URL(url).searchParams.get('X-Goog-Credential')).toMatch(/^stage@acme\.example\//);
  });

  it('of a file that holds none are refused without a word of what it holds', async () => {
    for (const content of [{}, [], { type: 'service_account', client_email: 'secret' }, { type: 'unknown' }]) {
      const error = await connectWith(content).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ exit: 4, message: expect.stringContaining('"key.json", which holds no Google') });
      expect(String((error as Error).stack)).not.toContain('secret');
    }
  });

  it.each([
    ['an emulator', 'store', {}, { STORAGE_EMULATOR_HOST: '127.0.0.1:1' }, 'http://127.0.0.1:1'],
    ['a server in plain http', 'store', { endpoint: 'http://10.0.0.7:4443' }, {}, 'http://10.0.0.7:4443'],
    ['a public bucket', 'anonymous', {}, {}, 'https://storage.googleapis.com'],
  ] as const)('go not to %s', async (_, use, options, variables, endpoint) => {
    const file = join(folder, 'missing.json');
    const environment = readEnvironment({ ...variables, GOOGLE_APPLICATION_CREDENTIALS: file });
    const { storage } = await connectGcs(use, options, environment);
    expect(storage.apiEndpoint).toBe(endpoint);
    const auth = storage.authClient as unknown;
    const client = auth instanceof GoogleAuth ? await auth.getClient() : auth;
    expect(client).toBeInstanceOf(PassThroughClient);
  });
});
