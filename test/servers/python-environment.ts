import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runStep } from './run-step.ts';

const oldest = 'import sys; sys.exit(sys.version_info < (3, 10))';

/**
 * Makes a virtual environment and installs packages into it. What was in the folder before goes.
 * @returns its folder of programs
 * @throws Error that says what the machine lacks.
 */
export async function makePythonEnvironment(folder: string, packages: readonly string[]): Promise<string> {
  await attempt(
    runStep('python3', ['-c', oldest]),
    'Python 3.10 or newer is needed as python3 (apt-get install python3 python3-venv)',
  );
  // A virtual environment holds its own path, so it cannot be made aside and moved.
  await rm(folder, { recursive: true, force: true });
  await attempt(
    runStep('python3', ['-m', 'venv', folder]),
    'python3 could not make a virtual environment (apt-get install python3-venv)',
  );
  const programs = join(folder, 'bin');
  await attempt(
    runStep(join(programs, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages]),
    `pip could not install ${packages.join(' ')}; is there a network?`,
  );
  return programs;
}

async function attempt(step: Promise<unknown>, otherwise: string): Promise<void> {
  try {
    await step;
  } catch (error) {
    throw new Error(`${otherwise}\n${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
