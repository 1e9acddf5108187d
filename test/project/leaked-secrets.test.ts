import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LocalUrls } from '../../lib/core/access/local/local-urls.ts';
import { newMirrorToken } from '../../lib/core/access/policy/mirror-token.ts';
import { gcsSignedGet } from '../../lib/core/access/sign/gcs-signed-get.ts';
import { createS3Client } from '../../lib/core/stores/create-s3-client.ts';
import { signedGet } from '../../lib/core/stores/s3-signed-get.ts';
import { leakedSecrets } from '../../tools/leaked-secrets.ts';
import { requireNoLeaks } from '../support/require-no-leaks.ts';

const start = new Date('2026-06-01T12:00:00Z');

/** Of every kind one, as this program makes and meets them. */
async function secrets(): Promise<Record<string, string>> {
  const client = createS3Client({
    region: 'eu-central-1',
    credentials: {
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: randomBytes(20).toString('hex'),
      sessionToken: randomBytes(300).toString('base64'),
    },
  });
  const object = { Bucket: 'private', Key: 'weights/1.0.0/model.bin' };
  const fromS3 = await signedGet(client, { object, version: 'v1', fileName: 'm.bin', signedAt: start, expiresIn: 900 });
  client.destroy();
  const signer = 'signer@some-project.iam.gserviceaccount.com';
  const place = { endpoint: 'https://storage.googleapis.com', bucket: 'copies', key: 'weights/1.0.0/model.bin' };
  const get = gcsSignedGet({ ...place, version: '1', fileName: 'm.bin', signer, signedAt: start, expiresIn: 900 });
  const local = { key: 'weights/1.0.0/model.bin', version: undefined, etag: '3-1', fileName: 'm.bin' };
  const { privateKey } = await generateKeyPair('ES256');
  const token = newMirrorToken();
  return {
    'signature of a URL of S3': fromS3,
    'session token in a URL of S3': fromS3.replace(/X-Amz-Signature=[^&]*/, ''),
    'signature of a URL of Cloud Storage': get.url(randomBytes(256)),
    'signature of a URL of this machine': new LocalUrls().sign(local, 1_780_000_000),
    'mirror token': token,
    'token of an identity provider': await new SignJWT({ iss: 'https://ci.example.org', sub: 'repo:a/b' })
      .setProtectedHeader({ alg: 'ES256' })
      .sign(privateKey),
    'credential of a header': `Authorization: Basic ${Buffer.from(`me:${randomBytes(20).toString('hex')}`).toString('base64')}`,
    'signature of a request': `AWS4-HMAC-SHA256 Credential=ASIA/20260601/eu/s3/aws4_request, SignedHeaders=host, Signature=${randomBytes(32).toString('hex')}`,
  };
}

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weighbridge-leaks-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, '.weighbridge/reports'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

describe('a secret that stands where others read', () => {
  it('is found, whatever kind it is and whatever stands around it', async () => {
    for (const [kind, secret] of Object.entries(await secrets())) {
      for (const text of [secret, `failed: "${secret}"\n`, JSON.stringify({ url: secret }), `<${secret}>`]) {
        expect(leakedSecrets(`one line\n${text}`), kind).toContainEqual({ kind, line: 2 });
      }
    }
  });

  it('is told from what only looks like one', async () => {
    const { publicKey } = await generateKeyPair('ES256');
    for (const text of [
      `weighbridge_${'A'.repeat(43)} and weighbridge_…`,
      `"sha256": "${randomBytes(32).toString('hex')}"`,
      '?X-Amz-Signature=…&signature=*** X-Goog-Signature=abc',
      `?X-Amz-Signature=${'0'.repeat(64)}`,
      'Authorization: Bearer $WEIGHBRIDGE_TOKEN',
      JSON.stringify(await exportJWK(publicKey)),
      `01J0${'0'.repeat(22)} ${randomBytes(32).toString('base64url')}`,
    ]) {
      expect(leakedSecrets(text), text).toEqual([]);
    }
  });

  it('fails the test that ran the program, on stderr, stdout, in a report and in a log', async () => {
    const { 'mirror token': token = '', 'signature of a URL of S3': url = '' } = await secrets();
    const quiet = { argv: ['stage', 'm.yaml'], stdout: '', stderr: '' };
    await expect(requireNoLeaks({ ...quiet, stderr: token })).rejects.toThrow('stderr of stage, line 1: mirror token');
    await expect(requireNoLeaks({ ...quiet, stdout: `\n${url}` })).rejects.toThrow('stdout of stage, line 2');
    await expect(requireNoLeaks({ ...quiet, argv: ['url', 'm'], stderr: url })).rejects.toThrow('stderr of url');
    await requireNoLeaks({ ...quiet, argv: ['url', 'm'], stdout: url });
    await requireNoLeaks({ ...quiet, argv: ['token', 'new', 'a'], stdout: token });
    for (const name of ['report.json', 'audit.jsonl', '.weighbridge/reports/one.md']) {
      const cwd = await folderWith({ [name]: `{"url":"${url}"}` });
      await expect(requireNoLeaks({ ...quiet, cwd })).rejects.toThrow(`${name}, line 1: signature of a URL of S3`);
    }
    await requireNoLeaks({ ...quiet, cwd: await folderWith({ 'report.json': '{"ok":true}' }) });
  });

  it('fails continuous integration, which says where it is and not what it is', async () => {
    const program = join(import.meta.dirname, '../../tools/find-leaks.ts');
    const look = (place: string) => promisify(execFile)(process.execPath, [program, place]);
    const { 'mirror token': token = '' } = await secrets();
    const folder = await folderWith({ 'output.txt': `fine\n${token}\n`, 'tests.json': '{}' });
    const failed = await look(folder).catch((error: { code: number; stdout: string; stderr: string }) => error);
    expect(failed).toMatchObject({ code: 1, stdout: '1 secrets in 2 files\n' });
    expect(failed.stderr).toBe(`${join(folder, 'output.txt')}:2: mirror token\n`);
    expect((await look(await folderWith({ 'output.txt': 'fine' }))).stdout).toBe('0 secrets in 1 files\n');
    await expect(look(await folderWith({ 'output.txt': '' }))).rejects.toMatchObject({ code: 1 });
  });
});
