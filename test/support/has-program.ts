import { spawnSync } from 'node:child_process';

/**
 * Is a stock program here, so that a test may use it? Where it is not, its tests are skipped and say so; but in
 * continuous integration, which installs all of them, a missing one is a failure and never a silent skip.
 * @param args A call that succeeds when the program is fit for the test.
 */
export function hasProgram(name: string, args: readonly string[] = ['--version']): boolean {
  const fit = spawnSync(name, args, { stdio: 'ignore' }).status === 0;
  if (!fit && process.env.CI === 'true') throw new Error(`${name} is missing; .ci/run installs what the tests need`);
  return fit;
}
