import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../lib/cli/environment.ts';
import { UsageError } from '../../lib/core/errors.ts';

function messageOf(variables: Record<string, string>): string {
  try {
    readEnvironment(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message + (error as UsageError).hint;
  }
  return 'nothing was thrown';
}

describe('the environment', () => {
  it('has defaults for everything', () => {
    const environment = readEnvironment({});
    expect(environment.hfEndpoint.href).toBe('https://huggingface.co/');
    expect(environment.githubApiUrl.href).toBe('https://api.github.com/');
    expect(environment.hfToken).toBeUndefined();
    expect(environment.httpsProxy).toBeUndefined();
    expect(environment.caFiles).toEqual([]);
    expect(environment.cache).toBe(join(homedir(), '.cache', 'weighbridge'));
    expect(environment.skipDownload).toBe(false);
    expect(environment.debug).toBe(false);
  });

  it('counts an empty value as unset', () => {
    const names = ['HF_TOKEN', 'HF_ENDPOINT', 'HTTPS_PROXY', 'NO_COLOR', 'CI', 'WEIGHBRIDGE_CACHE', 'SSL_CERT_FILE'];
    expect(readEnvironment(Object.fromEntries(names.map((name) => [name, ' '])))).toEqual(readEnvironment({}));
  });

  it('takes the older name of the Hugging Face token only when the newer is unset', () => {
    expect(readEnvironment({ HUGGING_FACE_HUB_TOKEN: 'hf_old' }).hfToken).toBe('hf_old');
    expect(readEnvironment({ HUGGING_FACE_HUB_TOKEN: 'hf_old', HF_TOKEN: 'hf_new' }).hfToken).toBe('hf_new');
  });

  it('prefers lower-case proxy variables and completes a proxy without a scheme', () => {
    const environment = readEnvironment({
      https_proxy: 'proxy.example:3128',
      HTTPS_PROXY: 'http://other.example',
      no_proxy: 'localhost',
    });
    expect(environment.httpsProxy?.href).toBe('http://proxy.example:3128/');
    expect(environment.noProxy).toBe('localhost');
  });

  it('knows switches that are written as off', () => {
    expect(readEnvironment({ CI: 'false', WEIGHBRIDGE_SKIP_DOWNLOAD: '0' })).toMatchObject({
      ci: false,
      skipDownload: false,
    });
    expect(readEnvironment({ CI: 'true', WEIGHBRIDGE_SKIP_DOWNLOAD: '1' })).toMatchObject({
      ci: true,
      skipDownload: true,
    });
  });

  it('collects certificate files of both variables', () => {
    expect(readEnvironment({ SSL_CERT_FILE: '/a.pem', NODE_EXTRA_CA_CERTS: '/b.pem' }).caFiles).toEqual([
      { variable: 'SSL_CERT_FILE', path: '/a.pem' },
      { variable: 'NODE_EXTRA_CA_CERTS', path: '/b.pem' },
    ]);
  });

  it.each([
    ['HF_TOKEN', 'hf_secret\nInjected: header'],
    ['GITHUB_TOKEN', 'ghp secret'],
    ['HF_ENDPOINT', 'huggingface secret'],
    ['HF_ENDPOINT', 'https://user:secret@hub.example'],
    ['GITHUB_API_URL', 'https://api.example/?token=secret'],
    ['HTTPS_PROXY', 'socks5://secret@proxy.example'],
  ])('names %s when its value cannot be used, and does not repeat the value', (name, value) => {
    const message = messageOf({ [name]: value });
    expect(message).toContain(name);
    expect(message).not.toContain('secret');
  });
});
