import { generateKeyPairSync } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { createGcsStorage } from '../../../lib/core/stores/create-gcs-storage.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("an emulator's variable in the environment moves no request", () => {
  vi.stubEnv('STORAGE_EMULATOR_HOST', 'http://127.0.0.1:9/elsewhere');
  expect(createGcsStorage({ anonymous: true }).apiEndpoint).toBe('https://storage.googleapis.com');
  const apiEndpoint = 'http://127.0.0.1:10';
  expect(createGcsStorage({ anonymous: true, apiEndpoint }).apiEndpoint).toBe(apiEndpoint);
});

test('no credentials are looked for where none are to be used', async () => {
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json');
  const headers = await createGcsStorage({ anonymous: true }).authClient.getRequestHeaders('https://example.org/');
  expect([...headers]).toEqual([]);
});

test('a key that was given signs, and nothing is written about it', async () => {
  const warn = vi.spyOn(console, 'warn');
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const credentials = { type: 'service_account', client_email: 'a@example.org', private_key: privateKey };
  const { authClient } = createGcsStorage({ credentials });
  expect((await authClient.getCredentials()).client_email).toBe('a@example.org');
  expect(await authClient.sign('text')).toMatch(/^[A-Za-z0-9+/=]{100,}$/);
  expect(warn).not.toHaveBeenCalled();
});
