import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { inject } from 'vitest';
import { buildLambdas } from '../../tools/build-lambdas.ts';
import { underInstallLock } from './install-lock.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder that is to hold the bundles of this run. */
    readonly bundlesFolder: string;
  }
}

/**
 * All functions, built by the first of a run's tests that asks; nobody changes them. For tests in `*.server.test.ts`.
 * @returns their folder
 */
export async function sharedBundles(): Promise<string> {
  const bundles = inject('bundlesFolder');
  const build = async () => {
    if (existsSync(bundles)) return;
    const unfinished = `${bundles}-unfinished`;
    await buildLambdas(undefined, unfinished);
    await rename(unfinished, bundles);
  };
  await underInstallLock(`${bundles}.lock`, build, { onWait: () => undefined, every: 0.1 });
  return bundles;
}
