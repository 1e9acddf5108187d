import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installTarball, packProject } from './installed-package.ts';
import { type ProgramResult, runProgram } from './run-program.ts';
import { root } from './source-files.ts';

let folder: string;
let repository: string;

/** Runs the installed program as its users do: through the link that npm made. */
function weighbridge(...argv: string[]): Promise<ProgramResult> {
  return runProgram(process.execPath, [join(repository, 'node_modules/.bin/weighbridge'), ...argv], {
    cwd: repository,
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-packed-'));
  repository = join(folder, 'models');
  const begun = await runProgram(process.execPath, [join(root, 'bin/weighbridge.js'), 'init', repository]);
  expect(begun).toMatchObject({ code: 0, stderr: '' });
  const installed = await installTarball(await packProject(join(folder, 'tarball')), repository);
  expect(installed, installed.stderr).toMatchObject({ code: 0 });
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds JavaScript, declarations, the functions, the schema and the licence, and neither sources nor tests', async () => {
    const home = join(repository, 'node_modules/weighbridge');
    const files = (await readdir(home, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1));
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'bin/weighbridge.js',
        'cdk.json',
        'consumers/python/weighbridge_get.py',
        'dist/lambda/plan/index.mjs',
        'dist/lib/cli/main.js',
        'dist/lib/infra/exports.d.ts',
        'schema/manifest.schema.json',
      ]),
    );
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([]);
    expect(files.filter((file) => /(?<!\.d)\.ts$|(^|\/)(test|bench|tools|examples|\.ci)\//.test(file))).toEqual([]);
  });

  it('is installed without development dependencies', async () => {
    const packages = await readdir(join(repository, 'node_modules'));
    for (const name of ['vitest', 'typescript', 'node', '@biomejs']) expect(packages).not.toContain(name);
  });

  it('says its version and explains itself', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(await weighbridge('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await weighbridge('--help')).stdout).toContain('Exit codes:');
  });

  it('stages and verifies the example of init', async () => {
    const manifest = 'manifests/example/0.1.0.yaml';
    expect(await weighbridge('validate', manifest)).toMatchObject({ code: 0 });
    const staged = await weighbridge('stage', manifest, '--json');
    expect(staged, staged.stdout + staged.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(staged.stdout)).toMatchObject({ ok: true, state: 'published', collection: 'example' });
    expect(await weighbridge('verify')).toMatchObject({ code: 0 });
  });

  it('publishes a folder of weights, lists it and pulls it back, hashing on worker threads', async () => {
    const weights = Buffer.alloc(40 * 2 ** 20);
    for (let at = 0; at < weights.length; at += 4) weights.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
    await mkdir(join(repository, 'weights/sub'), { recursive: true });
    await writeFile(join(repository, 'weights/model.bin'), weights);
    await writeFile(join(repository, 'weights/sub/config.json'), '{"layers":12}\n');
    const published = await weighbridge('publish', './weights', 'my-model@1.0.0');
    expect(published, published.stdout + published.stderr).toMatchObject({ code: 0 });
    expect((await weighbridge('ls', 'my-model@1.0.0')).stdout).toContain('model.bin');
    const pulled = await weighbridge('pull', 'my-model', '--into', 'pulled', '--progress', 'none');
    expect(pulled, pulled.stdout + pulled.stderr).toMatchObject({ code: 0 });
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(digest(await readFile(join(repository, 'pulled/model.bin')))).toBe(digest(weights));
    expect(await readFile(join(repository, 'pulled/sub/config.json'), 'utf8')).toBe('{"layers":12}\n');
  });
});

describe('an app of the packed package', () => {
  const optional = ['aws-cdk-lib', 'constructs'];
  let models: string;

  /** The CDK's command line as a user runs it, who has neither an account nor a network. */
  function cdk(...argv: string[]): Promise<ProgramResult> {
    const nowhere = 'http://127.0.0.1:9';
    const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
    const env = { PATH, HOME: folder, HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, CDK_DISABLE_CLI_TELEMETRY: 'true' };
    const program = join(root, 'node_modules/aws-cdk/bin/cdk');
    return runProgram(process.execPath, [program, ...argv, '--no-notices', '--no-color'], { cwd: models, env });
  }

  beforeAll(async () => {
    expect(await weighbridge('init', 'deployed', '--cloud')).toMatchObject({ code: 0 });
    models = join(repository, 'deployed');
    // As if its package.json had been installed; they are 100 MB, and no dependencies of the package itself.
    for (const name of optional)
      await symlink(join(root, 'node_modules', name), join(repository, 'node_modules', name));
  });

  it('synthesises with at most 15 lines, from the prebuilt functions', async () => {
    const app = await readFile(join(models, 'app.js'), 'utf8');
    expect(app.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
    const made = await cdk('synth', '--quiet');
    expect(made, made.stderr + made.stdout).toMatchObject({ code: 0 });
    const template = JSON.parse(await readFile(join(models, 'cdk.out/deployed.template.json'), 'utf8'));
    const types = Object.values<{ Type: string }>(template.Resources).map(({ Type }) => Type);
    expect(types).toEqual(
      expect.arrayContaining(['AWS::S3::Bucket', 'AWS::CloudFront::Distribution', 'AWS::StepFunctions::StateMachine']),
    );
    const assets = (await readdir(join(models, 'cdk.out'))).filter((name) => name.startsWith('asset.'));
    expect(assets.length).toBeGreaterThanOrEqual(6);
    for (const asset of assets) {
      const files = await readdir(join(models, 'cdk.out', asset));
      expect(files).toEqual(expect.arrayContaining(['index.mjs', 'deployment.json']));
    }
  });

  it('says what is wrong with weighbridge.yaml, and where', async () => {
    await writeFile(
      join(models, 'weighbridge.yaml'),
      'cloud: { name: deployed }\nenvironments:\n  prod: { cloud: { regoin: eu-west-1 } }\n',
    );
    const failed = await cdk('synth', '--quiet', '-c', 'env=prod');
    expect(failed.code).not.toBe(0);
    const [first, second = '', third, ...more] = failed.stderr.trimEnd().split('\n');
    expect([first, third, more]).toEqual([
      'weighbridge.yaml has 1 problem',
      'node app.js: Subprocess exited with error 1',
      [],
    ]);
    expect(second).toContain('weighbridge.yaml:3:20: error: environments.prod.cloud.regoin: there is no such setting');
  });

  it('says in a line that a function is missing', async () => {
    await writeFile(join(models, 'weighbridge.yaml'), 'cloud: { name: deployed }\n');
    const bundle = join(repository, 'node_modules/weighbridge/dist/lambda/plan');
    await rename(bundle, `${bundle}-away`);
    const failed = await cdk('synth', '--quiet');
    await rename(`${bundle}-away`, bundle);
    expect(failed.code).not.toBe(0);
    expect(failed.stderr).toMatch(
      /^The bundle of the function `plan` is missing in \S+: the package is not whole, .*\nnode app\.js: .*\n$/,
    );
  });

  it('is checked by the compiler against the declarations of the package', async () => {
    const source = `import { App, Stack } from 'aws-cdk-lib';
import { loadDeployment } from 'weighbridge/configuration';
import { addWeighbridge, MirrorBucket } from 'weighbridge/infra';
const { mirror } = addWeighbridge(new App(), loadDeployment('weighbridge.yaml', { environment: 'prod' }));
new MirrorBucket(new Stack(), 'Own', { bucketName: mirror.state.bucket.bucketName });
// @ts-expect-error: a name is no number
const name: number = loadDeployment().cloud.name;
`;
    await writeFile(join(models, 'typed.ts'), source);
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      target: 'esnext',
      noEmit: true,
      types: [],
      skipLibCheck: true,
    };
    await writeFile(join(models, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const checked = await runProgram(process.execPath, [compiler, '-p', models], { cwd: models });
    expect(checked, checked.stdout).toMatchObject({ code: 0, stdout: '' });
  });
});
