import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { type Handler, handlers } from '../lib/contract/cloud/handlers.ts';
import { bundleDiet, dietDefinitions } from './bundle-diet.ts';

/** What was built of one function. */
export interface LambdaBundle {
  readonly handler: Handler;
  /** Folder that becomes the function's code. */
  readonly folder: string;
  /** Bytes of all its files. */
  readonly bytes: number;
  /** Modules that went in, relative to the root of the project. */
  readonly inputs: readonly string[];
  /** Those of them that are loaded before the first call. */
  readonly first: readonly string[];
  /** Modules that are asked for and did not go in: Node's own. */
  readonly external: readonly string[];
}

const root = join(import.meta.dirname, '..');

/** Where the synthesis looks for bundles, in the checkout and in the package. */
export const bundlesFolder = join(root, 'dist', 'lambda');

/**
 * Bundles functions with all that they need, the AWS SDK in the tested version included: `{into}/{name}/index.mjs`.
 * What a function needs seldom lies in files of its own, which are loaded when they are needed. The same sources give
 * the same bytes. Source maps lie elsewhere, in `{into}-maps`, where no function carries them.
 */
export async function buildLambdas(
  names: readonly Handler[] = handlers,
  into: string = bundlesFolder,
): Promise<readonly LambdaBundle[]> {
  const maps = `${into}-maps`;
  for (const name of names) {
    for (const folder of [into, maps]) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return await Promise.all(names.map((name) => buildLambda(name, join(into, name), join(maps, name))));
}

async function buildLambda(handler: Handler, folder: string, maps: string): Promise<LambdaBundle> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      index: join('lambda', `${handler}.ts`),
      // What the pool of hash threads looks for beside itself.
      ...(handler === 'access' ? {} : { 'hash-worker': 'lib/core/digest/hash-worker.ts' }),
    },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    minify: true,
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Dependencies that are CommonJS ask for Node's own modules by `require`.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    alias: { '@node-rs/crc32': './lambda/bundle/crc32c-in-wasm.ts' },
    define: { 'process.env.WEIGHBRIDGE_VERSION': JSON.stringify(version), ...dietDefinitions },
    plugins: [bundleDiet({ tokensOnly: handler === 'access' })],
    logLevel: 'warning',
  });
  let bytes = 0;
  for (const { path, contents } of outputFiles) {
    const place = join(path.endsWith('.map') ? maps : folder, basename(path));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, contents);
    if (dirname(place) === folder) bytes += contents.byteLength;
  }
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return {
    handler,
    folder,
    bytes,
    inputs: Object.keys(metafile.inputs).sort(),
    first: loadedFirst(metafile),
    external: [...new Set(imports.flatMap(({ path, external }) => (external === true ? [path] : [])))].sort(),
  };
}

/** What the entry file holds, and what it imports before anything is called. */
function loadedFirst({ outputs }: Metafile): readonly string[] {
  const waiting = Object.keys(outputs).filter((path) => basename(path) === 'index.mjs');
  const seen = new Set(waiting);
  const inputs = new Set<string>();
  for (const path of waiting) {
    const output = outputs[path];
    for (const input of Object.keys(output?.inputs ?? {})) inputs.add(input);
    for (const { path: next, kind } of output?.imports ?? []) {
      if (kind !== 'import-statement' || seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return [...inputs].sort();
}

if (import.meta.main) {
  for (const { handler, bytes } of await buildLambdas()) {
    console.log(`dist/lambda/${handler}: ${(bytes / 2 ** 20).toFixed(2)} MiB`);
  }
}
