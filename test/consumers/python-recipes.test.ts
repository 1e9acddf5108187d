import { copyFile, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeBlocks } from '../docs/markdown.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { answerWith, unrulyServer } from '../fixtures/unruly-server.ts';
import { runProgram } from '../project/run-program.ts';
import { root } from '../project/source-files.ts';
import { hasProgram } from '../support/has-program.ts';
import { consumerFile, ended, pythonProgram, startPython } from './run-python.ts';

const recipes = join(root, 'consumers/python/recipes');
const bytes = sampleBytes(100_000, 'recipes');

async function mirrorOfModels() {
  const mirror = await layOutMirror([
    { collection: 'tcn', version: '1.0.0', files: { 'model.onnx': 'one' } },
    { collection: 'tcn', version: '1.1.0', files: { 'model.onnx': bytes, 'normalization.json': '{}' } },
  ]);
  return { mirror, server: await unrulyServer(mirror.root), cache: await temporaryFolder() };
}

describe.skipIf(!hasProgram('python3'))('the Python consumer and its recipes', () => {
  it('is Python 3.9 in every file, and says the version of the package', async () => {
    const code = `
import ast
files = [pathlib.Path(wg.__file__), *pathlib.Path(sys.argv[1]).glob("*.py")]
for file in files:
    ast.parse(file.read_text("utf-8"), str(file), feature_version=(3, 9))
print(json.dumps([wg.__version__, len(files)]))`;
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect((await pythonProgram(code, [recipes])).json()).toEqual([version, 5]);
  });

  it('needs nothing but the standard library', async () => {
    const code = `
import ast
tree = ast.parse(pathlib.Path(wg.__file__).read_text("utf-8"))
names = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
names |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
print(json.dumps(sorted(names - set(sys.stdlib_module_names))))`;
    expect((await pythonProgram(code)).json()).toEqual([]);
  });

  it('Hydra: a setting is the path of proven weights, or a path of one’s own', async () => {
    const { server, cache } = await mirrorOfModels();
    const code = `
sys.path.insert(0, sys.argv[1])
import hydra_weights
resolve = hydra_weights.resolver(sys.argv[2])
own = resolve(wg.__file__)
try:
    resolve("tcn")
except wg.Usage as error:
    whole = str(error)
print(json.dumps([resolve("tcn@1.1.0", "model.onnx"), own == wg.__file__, whole]))`;
    const run = await pythonProgram(code, [recipes, server.url], { env: { WEIGHBRIDGE_CACHE: cache } });
    const [path, own, whole] = run.json<[string, boolean, string]>();
    expect([path, own]).toEqual([join(cache, 'tcn/1.1.0/model.onnx'), true]);
    expect(whole).toContain('{weights:tcn,NAME}');
  });

  it('a device takes the newest release, and the last good one when the mirror is away or wrong', async () => {
    const { server, cache } = await mirrorOfModels();
    const boot = () => ended(startPython([join(recipes, 'edge_device.py'), 'tcn', server.url, cache]));
    server.misbehave('tcn/1.1.0/model.onnx', answerWith(Buffer.alloc(bytes.length)));
    const first = await boot();
    expect(first.status).not.toBe(0);
    server.misbehave('tcn/1.1.0/model.onnx', () => undefined, 0);
    expect((await boot()).stdout).toBe(`${join(cache, 'tcn/1.1.0')}\n`);
    expect(await readlink(join(cache, 'tcn/current'))).toBe('1.1.0');
    server.misbehave('registry.json', answerWith('{"schema": "weighbridge/registry/1"'));
    const away = await boot();
    expect([away.status, away.stdout]).toEqual([0, `${join(cache, 'tcn/1.1.0')}\n`]);
    await writeFile(join(cache, 'tcn/1.1.0/model.onnx'), Buffer.alloc(bytes.length));
    expect((await boot()).stderr).toContain('tcn@1.1.0 is damaged on this device');
  });

  it('a shell step fills a folder and passes the exit code on', async () => {
    const { server, cache } = await mirrorOfModels();
    const step = (release: string) =>
      runProgram('sh', [join(recipes, 'stage_models.sh'), release, server.url, cache], {
        env: { PATH: process.env.PATH },
      });
    const done = await step('tcn@1.1.0');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('2 of 2 files proven');
    expect((await readdir(cache)).sort()).toEqual(['.weighbridge', 'model.onnx', 'normalization.json']);
    expect((await step('tcn@9.9.9')).code).toBe(5);
  });

  it('does what docs/consumers.md says, block by block', async () => {
    const mirror = await layOutMirror([
      { collection: 'my-model', version: '1.0.0', files: { 'model.safetensors': bytes, 'config.json': '{}' } },
    ]);
    const server = await unrulyServer(mirror.root);
    const cwd = await temporaryFolder();
    await copyFile(consumerFile, join(cwd, 'weighbridge_get.py'));
    const page = await readFile(join(root, 'docs/consumers.md'), 'utf8');
    const said: string[] = [];
    for (const { language, text } of codeBlocks(page.replaceAll('https://models.example.org/', server.url))) {
      if (language !== 'sh' && language !== 'python') continue;
      const [program, argv] = language === 'sh' ? ['sh', ['-euc', text]] : ['python3', ['-c', text]];
      const env = { PATH: process.env.PATH, HOME: cwd, PYTHONDONTWRITEBYTECODE: '1' };
      const { code, stdout, stderr } = await runProgram(program as string, argv as string[], { cwd, env });
      expect(code, stderr).toBe(0);
      said.push(stdout);
    }
    expect(said).toEqual([
      `${join(cwd, '.cache/weighbridge/my-model/1.0.0/model.safetensors')}\n`,
      expect.stringMatching(/^fetched config\.json 2 .*\nfetched model\.safetensors 100000 /),
      expect.stringMatching(/2 of 2 files proven, 0 fetched[\s\S]*valid {4}config\.json[\s\S]*2 of 2 files proven/),
    ]);
  });
});
