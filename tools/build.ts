import { spawnSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildLambdas } from './build-lambdas.ts';

/**
 * Emits dist/: the JavaScript of lib/, since Node refuses to strip types under node_modules, the declarations of what
 * apps of the CDK import, and the bundles of the functions. What was there before goes first, so that nothing of a
 * removed file is ever packed; it goes only when the new one is whole, since somebody may be reading it.
 */
const root = join(import.meta.dirname, '..');
const compiler = join(createRequire(import.meta.url).resolve('typescript/package.json'), '..', 'bin', 'tsc');

const built = join(root, '.cache', `dist-${process.pid}`);

function compile(project: string): boolean {
  const argv = [compiler, '-p', join(root, project), '--outDir', built];
  const { status, error } = spawnSync(process.execPath, argv, { stdio: 'inherit', cwd: root });
  if (error !== undefined) throw error;
  return status === 0;
}

try {
  if (compile('tsconfig.build.json') && compile('tsconfig.declarations.json')) {
    await buildLambdas(undefined, join(built, 'lambda'));
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    renameSync(built, join(root, 'dist'));
  } else {
    process.exitCode = 1;
  }
} finally {
  rmSync(built, { recursive: true, force: true });
}
