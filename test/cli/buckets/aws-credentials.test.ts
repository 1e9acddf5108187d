import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProgramResult, runProgram } from '../../project/run-program.ts';
import { root } from '../../project/source-files.ts';
import { plainAnswer } from '../../upstream/answer.ts';
import { startUpstream, type Upstream } from '../../upstream/upstream.ts';

const temporary = { accessKeyId: 'ASIATEMPORARY', token: 'temporary-token' };

let folder: string;
let s3: Upstream;
let sts: Upstream;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-aws-'));
  s3 = await startUpstream();
  sts = await startUpstream();
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  const keys = `<AccessKeyId>${temporary.accessKeyId}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`;
  const all = `<Credentials>${keys}<SessionToken>${temporary.token}</SessionToken><Expiration>${expiration}</Expiration></Credentials>`;
  const namespace = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';
  const result = `<AssumeRoleWithWebIdentityResult>${all}</AssumeRoleWithWebIdentityResult>`;
  sts.mount(() =>
    plainAnswer(200, `<AssumeRoleWithWebIdentityResponse ${namespace}>${result}</AssumeRoleWithWebIdentityResponse>`, {
      'content-type': 'text/xml',
    }),
  );
});

afterEach(async () => {
  await s3.close();
  await sts.close();
  await rm(folder, { recursive: true, force: true });
});

/** Lists a mirror in an S3 that refuses everybody, so that only the request counts. */
async function list(variables: Record<string, string>): Promise<ProgramResult> {
  s3.mount(() => plainAnswer(403, ''));
  return await runProgram(process.execPath, [join(root, 'bin/weighbridge.js'), 'ls', '--from', 's3://models'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_S3: s3.origin,
      AWS_ENDPOINT_URL_STS: sts.origin,
      ...variables,
    },
  });
}

const signed = () => s3.requests[0]?.headers;

describe('AWS credentials', () => {
  it('of a web identity are had from STS, also where other variables are set and empty', async () => {
    await writeFile(join(folder, 'identity'), 'identity-token');
    const result = await list({
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/ci',
      AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'identity'),
      ...{ AWS_PROFILE: ' ', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_SESSION_TOKEN: '', AWS_REGION: '' },
      ...{ AWS_ENDPOINT_URL: '', AWS_CA_BUNDLE: '' },
    });
    expect(result.code).toBe(4);
    expect(sts.requests).toHaveLength(1);
    expect(signed()?.authorization).toContain(`Credential=${temporary.accessKeyId}/`);
    expect(signed()?.['x-amz-security-token']).toBe(temporary.token);
    expect(result.stdout + result.stderr).not.toContain(temporary.token);
  });

  it('of the environment go with their session token', async () => {
    await list({ AWS_ACCESS_KEY_ID: 'AKIAHERE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' });
    expect(signed()?.authorization).toContain('Credential=AKIAHERE/');
    expect(signed()?.['x-amz-security-token']).toBe('session');
  });

  it('of a profile come before keys, and its region is signed for', async () => {
    await mkdir(join(folder, '.aws'));
    const profile = ['[profile team]', 'region = eu-north-1', 'aws_access_key_id = AKIATEAM'];
    await writeFile(join(folder, '.aws/config'), `${[...profile, 'aws_secret_access_key = other'].join('\n')}\n`);
    await list({ AWS_PROFILE: 'team', AWS_ACCESS_KEY_ID: 'AKIAHERE', AWS_SECRET_ACCESS_KEY: 'secret' });
    expect(signed()?.authorization).toMatch(/Credential=AKIATEAM\/\d{8}\/eu-north-1\/s3\//);
  });

  it('of a profile that runs a program are those that it prints', async () => {
    await mkdir(join(folder, '.aws'));
    const printed = JSON.stringify({ Version: 1, AccessKeyId: 'AKIAPRINTED', SecretAccessKey: 'secret' });
    await writeFile(join(folder, 'keys.json'), printed);
    const profile = `[profile tool]\ncredential_process = cat ${join(folder, 'keys.json')}\n`;
    await writeFile(join(folder, '.aws/config'), profile);
    await list({ AWS_PROFILE: 'tool', AWS_DEFAULT_REGION: 'eu-west-3' });
    expect(signed()?.authorization).toMatch(/Credential=AKIAPRINTED\/\d{8}\/eu-west-3\/s3\//);
  });
});
