import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildLambdas } from './build-lambdas.ts';

/**
 * Emits dist/: the JavaScript of lib/, since Node refuses to strip types under node_modules, and the bundles of the
 * functions. What was there before goes first, so that nothing of a removed file is ever packed.
 */
const root = join(import.meta.dirname, '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
const { status, error } = spawnSync(
  process.execPath,
  [join(compiler, '..', 'bin', 'tsc'), '-p', join(root, 'tsconfig.build.json')],
  { stdio: 'inherit', cwd: root },
);
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
if (status === 0) await buildLambdas();
