import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf } from '../../core/stores/s3-place.ts';
import { runProgram } from '../../project/run-program.ts';
import { root as project } from '../../project/source-files.ts';
import { type FaultProxy, startFaultProxy } from '../../servers/fault-proxy.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Credentials } from '../../servers/server-access.ts';
import { type S3ServerWithUsers, startVersitygwWithUsers } from '../../servers/start-versitygw-with-users.ts';
import { ActedPipeline } from './acted-pipeline.ts';
import { submitPolicy } from './granted-policy.ts';

const bucket = 'weights-state-123456789012-us-east-1-an';
const configuration = `
cloud: { name: weights, account: "123456789012", region: us-east-1 }
publishers: { models: { principals: ["arn:aws:iam::123456789012:role/people"], collections: ["*"] } }
`;
const manifest = `
weighbridge: 1
collection: my-model
version: 1.0.0
access: private
artifacts:
  - { id: w, kind: checkpoint, file: w.bin, source: "https://example.org/w.bin", sha256: ${'ab'.repeat(32)}, size: 4 }
`;

function by({ accessKeyId }: S3Credentials) {
  return ({ headers }: IncomingMessage) => headers.authorization?.includes(accessKeyId) === true;
}

describe.skipIf(lacksS3Server('versitygw'))('a wait that is longer than its session', () => {
  let server: S3ServerWithUsers;
  let proxy: FaultProxy;
  let root: S3Client;
  let cwd: string;
  let sessions: readonly [S3Credentials, S3Credentials];

  beforeAll(async () => {
    server = await startVersitygwWithUsers();
    proxy = await startFaultProxy(server.endpoint);
    root = clientOf(server);
    await root.send(new CreateBucketCommand({ Bucket: bucket }));
    const policy = submitPolicy('models', bucket);
    sessions = [await server.createUser('before', policy), await server.createUser('after', policy)];
    cwd = await mkdtemp(join(tmpdir(), 'weighbridge-renewed-'));
    await mkdir(join(cwd, '.aws'));
    await writeFile(join(cwd, 'weighbridge.yaml'), `${configuration}sources: { hosts: [example.org] }\n`);
    await writeFile(join(cwd, 'm.yaml'), manifest);
    // What an operator's sign-in does: it gives the session of the moment, which lasts seconds.
    const program = `
      import { readFileSync } from 'node:fs';
      const { accessKeyId, secretAccessKey } = JSON.parse(readFileSync(${JSON.stringify(join(cwd, 'session.json'))}, 'utf8'));
      const Expiration = new Date(Date.now() + 4000).toISOString();
      console.log(JSON.stringify({ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Expiration }));
    `;
    await writeFile(join(cwd, 'sign-in.mjs'), program);
    const profile = ['[profile team]', `credential_process = ${process.execPath} ${join(cwd, 'sign-in.mjs')}`];
    await writeFile(join(cwd, '.aws/config'), `${profile.join('\n')}\n`);
  });

  afterAll(async () => {
    root.destroy();
    await proxy.stop();
    await server.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  it('goes on with the session that came after it', async () => {
    await writeFile(join(cwd, 'session.json'), JSON.stringify(sessions[0]));
    const pipeline = new ActedPipeline(root, bucket);
    const env = { PATH: process.env.PATH, HOME: cwd, AWS_PROFILE: 'team', AWS_ENDPOINT_URL: proxy.url };
    const argv = [join(project, 'bin/weighbridge.js'), 'submit', 'm.yaml', '--wait', '--progress', 'plain'];
    const waiting = runProgram(process.execPath, argv, { cwd, env });
    const place = await pipeline.next();
    await pipeline.progress(place, {});
    const renewed = proxy.fault({ when: by(sessions[1]) }, { kind: 'delay', milliseconds: 0 });
    await writeFile(join(cwd, 'session.json'), JSON.stringify(sessions[1]));
    // From when the new one is there the old one is refused, as S3 refuses a session that has expired.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const body = Buffer.from('<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>');
    const expired = proxy.fault(
      { when: by(sessions[0]) },
      { kind: 'answer', answer: { status: 400, headers: { 'content-type': 'application/xml' }, body } },
    );
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await pipeline.report(place);
    const result = await waiting;
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('my-model@1.0.0 published') });
    expect(expired.met).toBe(0);
    expect(renewed.met).toBeGreaterThan(2);
  });

  it('ends with 4 where nothing renews it, and says that the run goes on', async () => {
    proxy.clear();
    const pipeline = new ActedPipeline(root, bucket);
    // That of the first test.
    await pipeline.next();
    const { accessKeyId, secretAccessKey } = sessions[0];
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const env = { PATH: process.env.PATH, HOME: cwd, AWS_ENDPOINT_URL: proxy.url, ...keys };
    const argv = [join(project, 'bin/weighbridge.js'), 'submit', 'm.yaml', '--wait'];
    const waiting = runProgram(process.execPath, argv, { cwd, env });
    const place = await pipeline.next();
    const body = Buffer.from('<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>');
    proxy.fault({}, { kind: 'answer', answer: { status: 400, headers: { 'content-type': 'application/xml' }, body } });
    const result = await waiting;
    expect(result).toMatchObject({ code: 4, stderr: expect.stringContaining('the session has expired') });
    expect(result.stderr).toContain(`goes on in the cloud; to look: weighbridge status ${place.run}/${place.attempt}`);
  });
});
