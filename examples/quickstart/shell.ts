import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/weighbridge.js', import.meta.url));

/** A sentence for the reader between two commands. */
export function say(sentence: string): void {
  console.log(`\n# ${sentence}`);
}

/** Shows a command, runs the real program with the Node that runs this, and ends everything if it fails. */
export async function weighbridge(...args: string[]): Promise<void> {
  console.log(`$ weighbridge ${args.join(' ')}`);
  const code = await run(process.execPath, [program, ...args]);
  if (code !== 0) throw new Error(`weighbridge ${args[0]} ended with exit code ${code}`);
}

/** `sha256sum -c` inside a published release, as anybody can run it; macOS calls it `shasum -a 256`. */
export async function checkSums(folder: string): Promise<void> {
  const [tool = '', ...options] = process.platform === 'darwin' ? ['shasum', '-a', '256'] : ['sha256sum'];
  const args = [...options, '-c', 'SHA256SUMS'];
  console.log(`$ cd ${folder} && ${[tool, ...args].join(' ')}`);
  const code = await run(tool, args, { cwd: folder });
  if (code === undefined) console.log(`(${tool} is not installed here)`);
  else if (code !== 0) throw new Error(`${tool} ended with exit code ${code}`);
}

/** The exit code, or the signal that ended it; undefined when there is no such program. */
async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<number | string | undefined> {
  const child = spawn(command, args, { ...options, stdio: 'inherit' });
  try {
    const [code, signal] = await once(child, 'exit');
    return code ?? signal;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
