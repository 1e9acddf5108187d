import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leakedSecrets } from '../../tools/leaked-secrets.ts';

/** Commands whose result is a secret, on stdout and there alone. */
const givesSecrets: readonly (string | undefined)[] = ['url', 'token'];

/** What a run of the program left for others to read. */
export interface Said {
  readonly argv: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  /** Where its state is; undefined where that is not the run's own. */
  readonly cwd?: string | undefined;
}

/**
 * Fails whatever test runs the program when it shows a signature or a token: in what it printed, or in a report or log
 * that it left.
 * @throws Error
 */
export async function requireNoLeaks({ argv, stdout, stderr, cwd }: Said): Promise<void> {
  const told = argv.find((word) => !word.startsWith('-'));
  if (!givesSecrets.includes(told)) requireClean(stdout, `stdout of ${told}`);
  requireClean(stderr, `stderr of ${told}`);
  if (cwd === undefined) return;
  for (const file of await reports(cwd)) requireClean(await readFile(file, 'utf8').catch(() => ''), file);
}

/** @throws Error naming what it is and where, not the secret */
export function requireClean(text: string, where: string): void {
  const [leak] = leakedSecrets(text);
  if (leak !== undefined) throw new Error(`a secret is shown in ${where}, line ${leak.line}: ${leak.kind}`);
}

/** Reports, records of runs and logs: what lies in the folder itself and in its state. */
async function reports(cwd: string): Promise<readonly string[]> {
  const listed = async (folder: string, recursive: boolean) =>
    await readdir(folder, { recursive, withFileTypes: true }).catch(() => []);
  const entries = [...(await listed(cwd, false)), ...(await listed(join(cwd, '.weighbridge'), true))];
  return entries
    .filter((entry) => entry.isFile() && /\.(?:json|jsonl|md|log)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
