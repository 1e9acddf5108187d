import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../lib/cli/configuration.ts';
import { readEnvironment } from '../../lib/cli/environment.ts';
import { httpOptions } from '../../lib/cli/http-options.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-http-options-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function optionsOf(variables: Record<string, string>, typedOrigin?: string) {
  const configuration = await loadConfiguration({ cwd: folder, trustedOrigins: ['http://127.0.0.1:1'] });
  return httpOptions(readEnvironment(variables), configuration, typedOrigin, () => {});
}

describe('the network client of a command', () => {
  it('sends each token to its own host, or to the endpoint that replaces it', async () => {
    const options = await optionsOf({
      HF_TOKEN: 'hf_x',
      HF_ENDPOINT: 'http://127.0.0.1:9',
      GITHUB_TOKEN: 'ghp_x',
    });
    expect(options.credentials).toEqual([
      { origins: ['http://127.0.0.1:9'], headers: { authorization: 'Bearer hf_x' } },
      { origins: ['https://api.github.com', 'https://github.com'], headers: { authorization: 'Bearer ghp_x' } },
    ]);
    expect((await optionsOf({})).credentials).toEqual([]);
  });

  it('trusts what the operator named: the configuration, the endpoints, a typed mirror', async () => {
    const { trustedOrigins } = await optionsOf({ HF_ENDPOINT: 'http://127.0.0.1:9/hub' }, 'http://127.0.0.1:2');
    expect(trustedOrigins).toEqual([
      'http://127.0.0.1:1',
      'http://127.0.0.1:9',
      'https://api.github.com',
      // Whoever typed one name of this machine meant the others too.
      'http://localhost:2',
      'http://127.0.0.1:2',
      'http://[::1]:2',
    ]);
  });

  it('reads certificate files, and names the variable of one that cannot be read or is none', async () => {
    const pem = join(folder, 'ca.pem');
    await writeFile(pem, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    expect((await optionsOf({ SSL_CERT_FILE: pem })).ca).toEqual([expect.stringContaining('BEGIN CERTIFICATE')]);
    await expect(optionsOf({ NODE_EXTRA_CA_CERTS: join(folder, 'none.pem') })).rejects.toThrow('NODE_EXTRA_CA_CERTS');
    await writeFile(pem, 'not a certificate');
    await expect(optionsOf({ SSL_CERT_FILE: pem })).rejects.toThrow('SSL_CERT_FILE names holds no PEM certificate');
  });
});
