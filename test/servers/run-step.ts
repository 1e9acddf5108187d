import { spawn } from 'node:child_process';

/** A step of an installation that did not work; the message ends with what the program printed last. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

const linesShown = 20;
const longest = 30 * 60_000;

/**
 * Runs a program to its end.
 * @returns what it printed
 * @throws StepFailed when it cannot be started, fails, or takes longer than half an hour.
 */
export function runStep(
  file: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    // Not the option `timeout`: its timer outlives a program that could not be started.
    const patience = setTimeout(() => child.kill(), longest);
    let output = '';
    const keep = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => {
      clearTimeout(patience);
      reject(new StepFailed(`${file} could not be started: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(patience);
      if (code === 0) return resolve(output);
      const last = output.trimEnd().split('\n').slice(-linesShown).join('\n');
      reject(new StepFailed(`${file} ${args.join(' ')} ended with ${code ?? signal}:\n${last}`));
    });
  });
}
