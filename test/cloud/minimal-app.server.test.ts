import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { IAMClient } from '@aws-sdk/client-iam';
import { HeadBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lacksAwsEmulator } from '../servers/running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from '../servers/start-aws-emulator.ts';
import { type Cdk, cdk } from './cdk.ts';
import { CdkFailed } from './cdk-command.ts';
import { clientSettings } from './client-settings.ts';
import { executionsOf, waitForNewExecution } from './executions.ts';
import { functionProcesses } from './function-processes.ts';
import { mapRunCounts, readMapResults } from './map-results.ts';
import { readLogs } from './read-logs.ts';
import { changeRolePolicy, type RoleStatement, roleNames, rolePolicies } from './role-policies.ts';
import { waitForProcessEnd } from './wait-for-process-end.ts';

const here = import.meta.dirname;

// The tests of this file are steps of one story: deploy, run, update, run, destroy.
describe.skipIf(lacksAwsEmulator())('an app of the CDK on MiniStack that evaluates IAM', () => {
  let folder: string;
  let emulator: AwsEmulator;
  let app: Cdk;
  let synthesised: Cdk;
  let s3: S3Client;
  let sfn: SFNClient;
  let outputs: Readonly<Record<string, string>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weighbridge-minimal-app-'));
    const starting = startAwsEmulator({ auth: true });
    await build({
      entryPoints: [join(here, 'minimal-app/measure.ts')],
      outfile: join(folder, 'bundle/measure.mjs'),
      ...{ bundle: true, minify: true, platform: 'node', format: 'esm', target: 'node24' },
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    });
    emulator = await starting;
    const output = join(folder, 'cdk.out');
    app = cdk(emulator, { app: 'node app.ts', output, cwd: join(here, 'minimal-app') });
    // Several commands upon one synthesis.
    synthesised = cdk(emulator, { app: output, output });
    s3 = new S3Client(clientSettings(emulator));
    sfn = new SFNClient(clientSettings(emulator));
    await app.bootstrap();
  });

  afterAll(async () => {
    s3?.destroy();
    sfn?.destroy();
    await emulator?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const revision = (value: string) => ({ context: { bundle: join(folder, 'bundle'), revision: value } });

  /** Puts items where the rule waits for them, and reads what the map made of them. */
  async function measured(name: string, items: readonly object[]) {
    const known = await executionsOf(sfn, outputs.MachineArn ?? '');
    const Body = items.map((item) => `${JSON.stringify(item)}\n`).join('');
    const put = new PutObjectCommand({ Bucket: outputs.BucketName, Key: `items/${name}.jsonl`, Body });
    const { VersionId } = await s3.send(put);
    const execution = await waitForNewExecution(sfn, outputs.MachineArn ?? '', known);
    expect(execution).toMatchObject({ status: 'SUCCEEDED', input: { key: `items/${name}.jsonl`, version: VersionId } });
    const { map } = execution.output as { map: { ResultWriterDetails: { Bucket: string; Key: string } } };
    return {
      version: VersionId,
      counts: await mapRunCounts(sfn, execution.arn),
      results: await readMapResults(s3, map.ResultWriterDetails),
    };
  }

  it('is deployed, and an object in its bucket runs its functions', async () => {
    ({
      outputs: { minimal: outputs = {} },
    } = await app.deploy('minimal', revision('1')));
    const items = [
      { name: 'a', text: 'one' },
      { name: 'b', text: 'three', fails: 'once' },
      { name: 'c', text: '', fails: 'always' },
    ];
    const { version, counts, results } = await measured('first', items);
    expect(counts).toMatchObject([{ total: 3, succeeded: 2, failed: 1, pending: 0, running: 0 }]);
    expect(results.succeeded.map(({ Output = '' }) => JSON.parse(Output))).toEqual([
      { name: 'a', length: 3, revision: '1' },
      { name: 'b', length: 5, revision: '1' },
    ]);
    expect(results.failed).toMatchObject([{ Error: 'NeverRight', Status: 'FAILED' }]);
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: outputs.BucketName, Prefix: 'measured/' }),
    );
    expect(Contents.map(({ Key }) => Key)).toEqual([`measured/${version}/a.json`, `measured/${version}/b.json`]);
  });

  it('does another thing after an update, which diff tells before', async () => {
    await app.synth(revision('2'));
    expect(await synthesised.diff('minimal')).toMatch(/\.REVISION:\s.*\[-\] 1\s.*\[\+\] 2/s);
    await synthesised.deploy('minimal');
    const { results } = await measured('second', [{ name: 'a', text: 'one' }]);
    expect(results.succeeded.map(({ Output = '' }) => JSON.parse(Output))).toEqual([
      { name: 'a', length: 3, revision: '2' },
    ]);
  });

  it('fails while the role of its function may not write, and says so', async () => {
    const iam = new IAMClient(clientSettings(emulator));
    const [role = ''] = await roleNames(iam, 'minimal-MeasureServiceRole');
    const [policy] = await rolePolicies(iam, role);
    if (policy === undefined) throw new Error('the role has no policy of its own');
    const writes = ({ Action }: RoleStatement) => [Action].flat().includes('s3:PutObject');
    expect(policy.statements.filter(writes)).toHaveLength(1);
    const restore = await changeRolePolicy(iam, policy, (all) => all.filter((statement) => !writes(statement)));
    const item = { name: 'a', text: 'one' };
    const { results } = await measured('refused', [item]);
    expect(results.failed).toMatchObject([{ Error: 'AccessDenied' }]);
    await restore();
    iam.destroy();
    expect((await measured('granted', [item])).counts).toMatchObject([{ succeeded: 1 }]);
    const logs = new CloudWatchLogsClient(clientSettings(emulator));
    expect((await readLogs(logs)).join('\n')).toMatch(/AccessDenied/);
    logs.destroy();
  });

  it('is destroyed with its bucket and what is in it', async () => {
    await expect(synthesised.destroy('other')).rejects.toThrow(CdkFailed);
    await synthesised.destroy('minimal');
    await expect(s3.send(new HeadBucketCommand({ Bucket: outputs.BucketName }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('leaves nothing behind when the emulator stops', async () => {
    const processes = await functionProcesses(emulator);
    expect(processes.length).toBeGreaterThan(0);
    await emulator.stop();
    expect(existsSync(emulator.folder)).toBe(false);
    await Promise.all(processes.map(({ pid }) => waitForProcessEnd(pid)));
  });
});
