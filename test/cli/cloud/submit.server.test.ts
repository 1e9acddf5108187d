import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptPlace, inboxKey } from '../../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import type { StageReport } from '../../../lib/core/stage/report.ts';
import { runId } from '../../../lib/core/stage/run-progress.ts';
import { clientOf } from '../../core/stores/s3-place.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Credentials } from '../../servers/server-access.ts';
import { type S3ServerWithUsers, startVersitygwWithUsers } from '../../servers/start-versitygw-with-users.ts';
import { runMain } from '../run-main.ts';
import { ActedPipeline } from './acted-pipeline.ts';
import { submitPolicy } from './granted-policy.ts';

const bucket = 'weights-state-123456789012-us-east-1-an';
const configuration = `
cloud: { name: weights, account: "123456789012", region: us-east-1 }
publishers:
  models: { principals: ["arn:aws:iam::123456789012:role/people"], collections: ["my-*"], policy: true }
  others: { principals: ["arn:aws:iam::123456789012:role/others"], collections: ["other-*"] }
`;
const policy = `weighbridgeAccess: 1
principals: { team: { aws: ["123456789012"] } }
grants: { weights: { to: [team], collections: ["my-*"] } }
`;
/** More than goes in one put. */
const large = Buffer.alloc(21 << 20, 'weights');
const small = Buffer.from('{"hidden": 8}');

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe.skipIf(lacksS3Server('versitygw'))('submit, with the rights of a publisher', () => {
  let server: S3ServerWithUsers;
  let root: S3Client;
  let models: S3Credentials;
  let pipeline: ActedPipeline;
  let cwd: string;

  beforeAll(async () => {
    server = await startVersitygwWithUsers();
    root = clientOf(server);
    await root.send(new CreateBucketCommand({ Bucket: bucket }));
    models = await server.createUser('models', submitPolicy('models', bucket));
    pipeline = new ActedPipeline(root, bucket);
  });

  afterAll(async () => {
    root.destroy();
    await server.stop();
  });

  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'weighbridge-submit-'));
    await writeFile(join(cwd, 'weighbridge.yaml'), configuration);
    await writeFile(join(cwd, 'model.bin'), large);
    await writeFile(join(cwd, 'config.json'), small);
  });

  afterEach(() => rm(cwd, { recursive: true, force: true }));

  /** @param text what makes the run another one. */
  async function manifest(text: string, collection = 'my-model', withModel = false): Promise<string> {
    const model = [
      ...['  - id: model', '    kind: checkpoint', '    file: model.bin', '    source: file:model.bin'],
      ...[`    sha256: ${sha256(large)}`, `    size: ${large.length}`],
    ];
    const lines = [
      ...['weighbridge: 1', `collection: ${collection}`, 'version: 1.0.0', 'access: private', `description: ${text}`],
      'artifacts:',
      ...(withModel ? model : []),
      ...['  - id: config', '    kind: config', '    file: config.json', '    source: file:config.json'],
      ...[`    sha256: ${sha256(small)}`, `    size: ${small.length}`],
    ];
    await writeFile(join(cwd, `${collection}.yaml`), `${lines.join('\n')}\n`);
    return `${collection}.yaml`;
  }

  function weighbridge(argv: readonly string[], more: { signals?: EventEmitter; as?: S3Credentials } = {}) {
    const { accessKeyId, secretAccessKey } = more.as ?? models;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const variables = { ...keys, AWS_ENDPOINT_URL: server.endpoint };
    return runMain(argv, { cwd, variables, ...(more.signals === undefined ? {} : { signals: more.signals }) });
  }

  async function versions(key: string): Promise<number> {
    const { Versions = [] } = await root.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
    return Versions.length;
  }

  it('sends the files of this machine under their digests, then the manifest, and says how to look', async () => {
    const file = await manifest('first', 'my-model', true);
    const result = await weighbridge(['submit', file, '--publisher', 'models']);
    expect(result).toMatchObject({ code: 0 });
    const place = await pipeline.next();
    expect(result.stdout).toContain(`weighbridge status ${place.run}/${place.attempt} --publisher models`);
    const submission = await pipeline.read(place);
    expect(submission).toMatchObject({ kind: 'manifest', file: 'my-model.yaml' });
    expect(Buffer.from(submission.content, 'base64')).toEqual(await readFile(join(cwd, file)));
    for (const bytes of [large, small]) {
      const Key = inboxKey('models', 'private', sha256(bytes));
      const head = await root.send(new HeadObjectCommand({ Bucket: bucket, Key }));
      expect(head).toMatchObject({ ContentLength: bytes.length, Metadata: { sha256: sha256(bytes) } });
    }
  });

  it('makes another attempt at the same run of a second submission, and sends nothing twice', async () => {
    const file = await manifest('twice', 'my-model', true);
    const argv = ['submit', file, '--publisher', 'models', '--json'];
    expect(await weighbridge(argv)).toMatchObject({ code: 0 });
    const first = await pipeline.next();
    // Another machine remembers nothing, and is told by the bucket that it is there.
    const elsewhere = await weighbridge([...argv, '--state', 'elsewhere']);
    expect(elsewhere).toMatchObject({ code: 0 });
    const again = await weighbridge(argv);
    const [submitted] = JSON.parse(again.stdout).submitted;
    expect(submitted).toMatchObject({ run: first.run, publisher: 'models', release: 'my-model@1.0.0' });
    expect(submitted.attempt > first.attempt).toBe(true);
    await pipeline.next();
    await pipeline.next();
    expect(await versions(inboxKey('models', 'private', sha256(large)))).toBe(1);
    const { Uploads = [] } = await root.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
  });

  it('sends a file again that a report, shown by status, says was not there', async () => {
    const argv = ['submit', await manifest('lost'), '--publisher', 'models'];
    expect(await weighbridge(argv)).toMatchObject({ code: 0 });
    const place = await pipeline.next();
    const Key = inboxKey('models', 'private', sha256(small));
    await root.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    const reason = 'file:config.json was not sent';
    const lacked = { id: 'config', file: 'config.json', sha256: sha256(small), size: small.length };
    const attempts = [{ source: 'file:config.json', outcome: 'missing' as const, reason }];
    const entry = { ...lacked, required: true, state: 'failed' as const, bytesFetched: 0, seconds: 0, source: null };
    await pipeline.report(place, { ok: false, state: 'failed', artifacts: [{ ...entry, attempts, reason }] });
    expect(await weighbridge(['status', place.run, '--publisher', 'models'])).toMatchObject({ code: 1 });
    expect(await weighbridge(argv)).toMatchObject({ code: 0 });
    await pipeline.next();
    expect(await root.send(new HeadObjectCommand({ Bucket: bucket, Key }))).toMatchObject({
      ContentLength: small.length,
    });
  });

  it('is refused in the place of another publisher', async () => {
    const file = await manifest('others', 'other-model');
    const result = await weighbridge(['submit', file, '--publisher', 'others']);
    expect(result).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('these credentials may not submit as others'),
    });
    expect(result.stderr).toContain('weights-submit-others-us-east-1');
  });

  it('waits, shows the run like one here, and ends with its report', async () => {
    const file = await manifest('waits');
    const argv = ['submit', file, '--publisher', 'models', '--wait', '--report', 'r.json', '--progress', 'json'];
    const waiting = weighbridge([...argv, '--json']);
    const place = await pipeline.next();
    const active = [{ id: 'model', done: 400, total: 990 }];
    await pipeline.progress(place, {
      items: { '0': { finished: 1, failed: 0, bytes: 410, active, waiting: 'a slot of example.org' } },
      notes: ['config: staged'],
    });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const running = await weighbridge(['status', place.run, '--publisher', 'models']);
    expect(running).toMatchObject({
      code: 5,
      stdout: expect.stringContaining('transferring: 1 of 2 artifacts, 410 B'),
    });
    const report = await pipeline.report(place);
    const result = await waiting;
    expect(result).toMatchObject({ code: 0 });
    expect(JSON.parse(result.stdout)).toEqual(report);
    expect(JSON.parse(await readFile(join(cwd, 'r.json'), 'utf8'))).toEqual(report);
    const events = result.stderr.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    expect(events).toContainEqual(expect.objectContaining({ type: 'run-started', job: 'stage', artifacts: 2 }));
    const standing = { type: 'standing', finished: 1, failed: 0, bytes: 410, active };
    expect(events).toContainEqual(expect.objectContaining(standing));
    expect(events).toContainEqual(expect.objectContaining({ type: 'note', message: 'waiting: a slot of example.org' }));
    expect(events.filter(({ message }) => message === 'config: staged')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'run-finished', state: 'published' });
  });

  it('has the exit code of the report, which status shows as well', async () => {
    const file = await manifest('fails');
    const waiting = weighbridge(['submit', file, '--publisher', 'models', '--wait', '--progress', 'none']);
    const place = await pipeline.next();
    const error = {
      code: 'Refused',
      message: 'my-model@1.0.0 is published with other content',
      hint: 'Take a new version.',
    };
    await pipeline.report(place, { ok: false, state: 'refused', published: true, error });
    const result = await waiting;
    expect(result).toMatchObject({ code: 3, stdout: expect.stringContaining('stays in s3://weights-private') });
    expect(result.stderr).toContain(error.message);
    const status = await weighbridge(['status', place.run, '--json']);
    expect(status).toMatchObject({ code: 3 });
    expect(JSON.parse(status.stdout)).toMatchObject({ attempt: place.attempt, error });
  });

  it('leaves the run going after Ctrl-C, and says how to look', async () => {
    const file = await manifest('interrupted');
    const signals = new EventEmitter();
    const waiting = weighbridge(['submit', file, '--publisher', 'models', '--wait'], { signals });
    const place = await pipeline.next();
    await new Promise((resolve) => setTimeout(resolve, 500));
    signals.emit('SIGINT');
    const result = await waiting;
    expect(result).toMatchObject({ code: 130 });
    expect(result.stderr).toContain(`goes on in the cloud; to look: weighbridge status ${place.run}/${place.attempt}`);
    const report = await pipeline.report(place);
    // Another machine, which remembers nothing, finds it by listing.
    await mkdir(join(cwd, 'fresh'));
    const found = await weighbridge(['status', place.run, '--json', '--wait', '--state', 'fresh']);
    expect(found).toMatchObject({ code: 0 });
    expect(JSON.parse(found.stdout)).toEqual(report);
  });

  it('submits several manifests at once, and waits for all of them', async () => {
    const files = [await manifest('several'), await manifest('several', 'my-other')];
    const waiting = weighbridge(['submit', ...files, '--publisher', 'models', '--wait', '--json']);
    const places = [await pipeline.next(), await pipeline.next()];
    // The later one ends first.
    await pipeline.report(places[1] as AttemptPlace, { collection: 'my-other' });
    await pipeline.report(places[0] as AttemptPlace, { ok: false, state: 'failed', published: false });
    const result = await waiting;
    expect(result).toMatchObject({ code: 1 });
    const { reports } = JSON.parse(result.stdout);
    expect(reports.map(({ attempt }: StageReport) => attempt).sort()).toEqual(
      places.map(({ attempt }) => attempt).sort(),
    );
    const same = await weighbridge(['submit', files[0] ?? '', files[0] ?? '', '--publisher', 'models']);
    expect(same).toMatchObject({ code: 2, stderr: expect.stringContaining('are both my-model@1.0.0') });
  });

  it('sends the access policy as the publisher that may, before manifests, and shows what it changes', async () => {
    await writeFile(join(cwd, 'access.yaml'), policy);
    const file = await manifest('with a policy');
    const waiting = weighbridge(['submit', file, 'access.yaml', '--wait', '--summary', 's.md']);
    const places = [await pipeline.next(), await pipeline.next()].sort((a, b) => (a.attempt < b.attempt ? -1 : 1));
    const [ofPolicy, ofManifest] = places as [AttemptPlace, AttemptPlace];
    expect(ofPolicy).toMatchObject({
      publisher: 'models',
      run: runId(Sha256.ofBytes(policy), `s3://${bucket}`),
    });
    const submission = await pipeline.read(ofPolicy);
    expect(submission).toMatchObject({ kind: 'policy', file: 'access.yaml' });
    expect(Buffer.from(submission.content, 'base64').toString()).toBe(policy);
    await pipeline.report(ofManifest);
    const report = await pipeline.policyReport(ofPolicy);
    const result = await waiting;
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('  - grant old: to team: *\n');
    expect(result.stdout).toContain('the access policy holds from now on: 1 grant, 1 principal\n');
    expect(await readFile(join(cwd, 's.md'), 'utf8')).toContain('#### The access policy: published');
    const status = await weighbridge(['status', ofPolicy.run, '--json']);
    expect(JSON.parse(status.stdout)).toEqual(report);
  });

  it('names nothing of a policy where everybody reads what it says', async () => {
    await writeFile(join(cwd, 'access.yaml'), policy);
    const argv = ['submit', 'access.yaml', '--wait', '--summary', 's.md', '--hide-private'];
    const waiting = weighbridge(argv);
    const place = await pipeline.next();
    await pipeline.policyReport(place, {
      ok: false,
      state: 'refused',
      policy: null,
      error: { code: 'Refused', message: 'my-hush' },
    });
    expect(await waiting).toMatchObject({ code: 3, stdout: '', stderr: '' });
    const summary = await readFile(join(cwd, 's.md'), 'utf8');
    expect(summary).toContain('#### The access policy: refused');
    expect(summary).not.toMatch(/hush|old|team/);
  });

  it('refuses a bad policy, one too many, and a publisher’s own limits, before anything is sent', async () => {
    const before = await pipeline.submissions();
    await writeFile(join(cwd, 'access.yaml'), policy);
    await writeFile(join(cwd, 'other.yaml'), policy);
    const both = await weighbridge(['submit', 'access.yaml', 'other.yaml']);
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('are both access policies') });
    await writeFile(join(cwd, 'other.yaml'), policy.replace('to: [team]', 'to: [nobody]'));
    const bad = await weighbridge(['submit', 'other.yaml']);
    expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining('other.yaml:3:') });
    const denied = await weighbridge(['submit', 'access.yaml', '--publisher', 'others']);
    expect(denied).toMatchObject({ code: 3, stderr: expect.stringContaining('may not submit the access policy') });
    const other = await weighbridge(['submit', await manifest('other', 'other-model'), '--publisher', 'models']);
    expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining('may not publish other-model') });
    const report = await weighbridge(['submit', await manifest('report'), '--report', 'r.json']);
    expect(report).toMatchObject({ code: 2, stderr: expect.stringContaining('--report needs --wait') });
    expect(await pipeline.submissions()).toEqual(before);
  });

  it('ends with 130 when --timeout is over', async () => {
    const file = await manifest('limited');
    const result = await weighbridge(['submit', file, '--publisher', 'models', '--wait', '--timeout', '8s', '--json']);
    expect(result).toMatchObject({ code: 130 });
    const place = await pipeline.next();
    const status = await weighbridge(['status', `${place.run}/${place.attempt}`]);
    expect(status).toMatchObject({ code: 5, stdout: expect.stringContaining('submitted, and no sign of it yet') });
    const unknown = await weighbridge(['status', 'f'.repeat(32)]);
    expect(unknown).toMatchObject({ code: 5, stderr: expect.stringContaining('nothing is known of') });
    expect(JSON.parse(result.stdout)).toMatchObject({
      waiting: [{ attempt: place.attempt }],
      error: { code: 'Interrupted' },
    });
  });
});
