import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { misleadingVariables } from '../../lib/cli/cloud-environment.ts';
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
    const names = [
      ...['HF_TOKEN', 'HF_ENDPOINT', 'HTTPS_PROXY', 'NO_COLOR', 'CI', 'WEIGHBRIDGE_CACHE', 'SSL_CERT_FILE'],
      ...[
        'AWS_REGION',
        'AWS_PROFILE',
        'AWS_ENDPOINT_URL',
        'AWS_CA_BUNDLE',
        'AWS_ACCESS_KEY_ID',
        'AWS_SECRET_ACCESS_KEY',
      ],
      ...['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CLOUD_PROJECT', 'STORAGE_EMULATOR_HOST', 'MODELS_TOKEN'],
    ];
    const { credential, ...read } = readEnvironment(Object.fromEntries(names.map((name) => [name, ' '])));
    const { credential: _, ...unset } = readEnvironment({});
    expect(read).toEqual(unset);
    expect(credential('MODELS_TOKEN')).toBeUndefined();
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

  it('reads what AWS tools read, S3 before the rest', () => {
    const { aws } = readEnvironment({
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_PROFILE: 'team',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:2',
      AWS_CA_BUNDLE: '/c.pem',
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: '',
    });
    expect(aws).toEqual({
      keys: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
      region: 'eu-west-1',
      profile: 'team',
      endpoint: new URL('http://127.0.0.1:2'),
      ignoreEndpoints: false,
      caFiles: [{ variable: 'AWS_CA_BUNDLE', path: '/c.pem' }],
    });
    expect(readEnvironment({ AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'x' }).aws.region).toBe('eu-west-2');
    const keys = { AWS_ACCESS_KEY_ID: 'ASIA', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' };
    const ending = (at: string) => readEnvironment({ ...keys, AWS_CREDENTIAL_EXPIRATION: at }).aws.keys?.expiration;
    expect(ending('2026-01-02T03:04:05+00:00')).toEqual(new Date('2026-01-02T03:04:05Z'));
    expect(ending('soon')).toBeUndefined();
    const ignoring = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
    expect(readEnvironment(ignoring).aws.endpoint).toBeUndefined();
  });

  it.each([
    ['127.0.0.1:4443', 'http://127.0.0.1:4443'],
    ['http://127.0.0.1:4443/', 'http://127.0.0.1:4443'],
    ['https://gcs.example/storage/v1', 'https://gcs.example'],
    ['localhost:9023', 'http://localhost:9023'],
  ])('takes %s as an emulator of Cloud Storage', (written, origin) => {
    expect(readEnvironment({ STORAGE_EMULATOR_HOST: written }).google.emulator?.origin).toBe(origin);
  });

  it('knows the variables that a cloud SDK would misread', () => {
    const variables = {
      AWS_PROFILE: '',
      AWS_REGION: 'eu-west-1',
      STORAGE_EMULATOR_HOST: 'h:1',
      HF_TOKEN: '',
      PATH: '',
    };
    expect(misleadingVariables(variables)).toEqual(['AWS_PROFILE', 'STORAGE_EMULATOR_HOST']);
  });

  it('gives the value of any variable that a header can hold', () => {
    const { credential } = readEnvironment({ GOOD: ' Basic dXNlcjpwYXNz ', BAD: 'secret\nInjected: header' });
    expect(credential('GOOD')).toBe('Basic dXNlcjpwYXNz');
    expect(() => credential('BAD')).toThrow(/^BAD is no value for a header/);
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
    ['AWS_ENDPOINT_URL', 'https://user:secret@s3.example'],
    ['STORAGE_EMULATOR_HOST', 'https://host.example/?secret'],
    ['HTTPS_PROXY', 'socks5://secret@proxy.example'],
  ])('names %s when its value cannot be used, and does not repeat the value', (name, value) => {
    const message = messageOf({ [name]: value });
    expect(message).toContain(name);
    expect(message).not.toContain('secret');
  });
});
