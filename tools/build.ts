import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildLambdas } from './build-lambdas.ts';

/**
 * Emits dist/: the JavaScript of lib/, since Node refuses to strip types under node_modules, the declarations of what
 * apps of the CDK import, and the bundles of the functions. What was there before goes first, so that nothing of a
 * removed file is ever packed.
 */
const root = join(import.meta.dirname, '..');
const compiler = join(createRequire(import.meta.url).resolve('typescript/package.json'), '..', 'bin', 'tsc');

function compile(project: string): boolean {
  const { status, error } = spawnSync(process.execPath, [compiler, '-p', join(root, project)], {
    stdio: 'inherit',
    cwd: root,
  });
  if (error !== undefined) throw error;
  return status === 0;
}

rmSync(join(root, 'dist'), { recursive: true, force: true });
if (compile('tsconfig.build.json') && compile('tsconfig.declarations.json')) await buildLambdas();
else process.exitCode = 1;
