import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import own from '../../package.json' with { type: 'json' };
import { runMain } from './run-main.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-init-'));
});
afterEach(async () => {
  await rm(cwd, { recursive: true });
});

const read = (path: string) => readFile(join(cwd, path), 'utf8');

describe('init', () => {
  it('fills a folder with everything that a repository of manifests needs', async () => {
    const { code, stdout } = await runMain(['init', 'My Models'], { cwd });
    expect(code).toBe(0);
    const install = `npm install --save-exact PATH-TO/weighbridge-${own.version}.tgz\n`;
    expect(stdout).toMatch(/^Next .*\n {2}cd 'My Models'\n/m);
    expect(stdout).toContain(`  ${install}`);
    expect(await read('My Models/README.md')).toContain(`\n${install}`);
    const files = await readdir(join(cwd, 'My Models'), { recursive: true });
    expect(files.sort()).toEqual(
      [
        '.github',
        '.github/workflows',
        '.github/workflows/weighbridge.yml',
        '.gitignore',
        'README.md',
        'manifests',
        'manifests/example',
        'manifests/example/0.1.0.yaml',
        'manifests/example/files',
        'manifests/example/files/weights.bin',
        'package.json',
        'weighbridge.yaml',
      ].sort(),
    );
    const made = JSON.parse(await read('My Models/package.json'));
    expect(made).toMatchObject({
      name: 'my-models',
      private: true,
      allowScripts: { node: true },
      dependencies: { weighbridge: own.version, node: own.devDependencies.node },
    });
  });

  it('makes a manifest that validates without a warning, and is locked already', async () => {
    await runMain(['init'], { cwd });
    const manifest = 'manifests/example/0.1.0.yaml';
    const validated = await runMain(['validate', manifest], { cwd });
    expect(validated).toMatchObject({ code: 0, stdout: '1 file: 1 valid, 0 not, 0 errors, 0 warnings\n' });
    const locked = await runMain(['lock', '--check', manifest], { cwd });
    expect(locked).toMatchObject({ code: 0, stdout: `${manifest}: nothing to change\n` });
  });

  it('makes a configuration and a CI file that mean what their comments say', async () => {
    await runMain(['init'], { cwd });
    const uncommented = (await read('weighbridge.yaml'))
      .split('\n')
      .flatMap((line) => (/^# ?(?:[a-zA-Z]+:| {2})/.test(line) ? [line.slice(2)] : []))
      .join('\n');
    expect(Object.keys(parse(uncommented))).toEqual([
      ...['stores', 'state', 'buckets'],
      'trustedOrigins',
      'placeholders',
      ...['tokens', 'credentials'],
      'concurrency',
      ...['cloud', 'publishers', 'sources', 'replicas'],
      ...['maxRunBytes', 'maxRunCost', 'environments'],
    ]);
    await writeFile(join(cwd, 'all.yaml'), uncommented);
    const withAll = await runMain(['validate', 'manifests/example/0.1.0.yaml', '--config', 'all.yaml'], { cwd });
    expect(withAll).toMatchObject({ code: 0, stderr: '' });

    const workflow = parse(await read('.github/workflows/weighbridge.yml'));
    const scripts = JSON.parse(await read('package.json')).scripts;
    const steps = Object.values<{ steps: { run?: string }[] }>(workflow.jobs).flatMap((job) => job.steps);
    const used = steps.flatMap(({ run }) => /^npm run (\w+)$/.exec(run ?? '')?.[1] ?? []);
    expect(used).toEqual(['validate', 'plan', 'stage', 'verify']);
    for (const name of used) expect(scripts[name]).toMatch(/^weighbridge /);
  });

  it('makes, with --cloud, an app of at most 15 lines and pins the versions that it is tested with', async () => {
    const { code, stdout } = await runMain(['init', 'Model_Weights of the Acme company', '--cloud'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain('npx cdk deploy --all');
    const folder = 'Model_Weights of the Acme company';
    const made = JSON.parse(await read(`${folder}/package.json`));
    const { 'aws-cdk': cli, 'aws-cdk-lib': library, constructs } = own.devDependencies;
    expect(made.dependencies).toMatchObject({ 'aws-cdk': cli, 'aws-cdk-lib': library, constructs });
    expect(cli).toBe('2.1148.1');
    const app = await read(`${folder}/app.js`);
    expect(app.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
    const { context } = JSON.parse(await read(`${folder}/cdk.json`));
    expect(context).toMatchObject({ '@aws-cdk/core:validateAgainstDefaultRules': true });
    expect(await read(`${folder}/.gitignore`)).toContain('\ncdk.out/\n');
    expect(await read(`${folder}/README.md`)).toContain('npx cdk deploy --all');
    expect(parse(await read(`${folder}/.gitlab-ci.yml`))).toHaveProperty('submit');
    const workflow = parse(await read(`${folder}/.github/workflows/weighbridge.yml`));
    expect(Object.keys(workflow.jobs)).toContain('submit');
    expect(parse(await read(`${folder}/weighbridge.yaml`))).toEqual({ cloud: { name: 'model-weights-of-the' } });
    const validated = await runMain(['validate', 'manifests/example/0.1.0.yaml'], { cwd: join(cwd, folder) });
    expect(validated).toMatchObject({ code: 0, stderr: '' });
  });

  it('makes, with --cloud, an access policy that grants nothing, and says who has to agree to another', async () => {
    await runMain(['init', '--cloud'], { cwd });
    const policy = 'manifests/access.yaml';
    const validated = await runMain(['validate', policy], { cwd });
    expect(validated).toMatchObject({ code: 0, stdout: '1 file: 1 valid, 0 not, 0 errors, 0 warnings\n' });
    const planned = await runMain(['plan', policy, '--json'], { cwd });
    expect(JSON.parse(planned.stdout)).toMatchObject({ kind: 'policy', file: policy, grants: 0, principals: 0 });
    const uncommented = (await read(policy)).replace(/^# ((?:issuers|principals|grants):| )/gm, '$1');
    await writeFile(join(cwd, 'all.yaml'), uncommented);
    const all = await runMain(['plan', 'all.yaml', '--markdown'], { cwd });
    expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining('2 grants · 3 principals') });
    expect(await read('CODEOWNERS')).toContain('\n/manifests/access.yaml @OWNER/TEAM\n');
  });

  it('writes no second CODEOWNERS, and says what to add to the one there is', async () => {
    await mkdir(join(cwd, '.github'));
    await writeFile(join(cwd, '.github/CODEOWNERS'), '* @acme/all\n');
    const { stdout } = await runMain(['init', '--cloud'], { cwd });
    expect(stdout).toContain('kept   .github/CODEOWNERS (it was there already)\n');
    expect(stdout).toContain('add    to .github/CODEOWNERS: /manifests/access.yaml @OWNER/TEAM\n');
    await expect(read('CODEOWNERS')).rejects.toThrow('ENOENT');
  });

  it('leaves alone and names what is there already', async () => {
    await writeFile(join(cwd, 'README.md'), 'mine');
    await writeFile(join(cwd, 'package.json'), '{}');
    const first = await runMain(['init'], { cwd });
    expect(first.stdout).toMatch(/^kept {3}README\.md/m);
    expect(await read('README.md')).toBe('mine');

    const before = await stat(join(cwd, 'weighbridge.yaml'));
    const again = await runMain(['init', '--json'], { cwd });
    expect(JSON.parse(again.stdout)).toMatchObject({ directory: '.', written: [] });
    expect((await stat(join(cwd, 'weighbridge.yaml'))).mtimeMs).toBe(before.mtimeMs);
  });
});
