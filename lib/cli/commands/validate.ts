import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { exitCodes } from '../../contract/exit-codes.ts';
import { isPolicy } from '../../core/access/policy/is-policy.ts';
import { InvalidFile, type Problem } from '../../core/errors.ts';
import { parseManifest } from '../../core/manifest/parse-manifest.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { checkPolicy } from '../policy/policy-file.ts';
import { problemLine } from '../problem-line.ts';

interface CheckedFile {
  /** As the user wrote it. */
  readonly file: string;
  readonly ok: boolean;
  readonly problems: readonly Problem[];
}

/** `validate`: every problem of every file, then one line that sums them up. */
export const run: CommandRun = async (context, input) => {
  const files: CheckedFile[] = [];
  for (const file of input.args) files.push(await check(context, file));
  if (context.json) context.printJson({ files });
  else {
    for (const { problems } of files) for (const problem of problems) context.print(problemLine(problem));
    context.print(summary(files));
  }
  return files.every(({ ok }) => ok) ? exitCodes.done : exitCodes.invalid;
};

async function check(context: CommandContext, file: string): Promise<CheckedFile> {
  const path = resolve(context.cwd, file);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return { file, ok: false, problems: [unreadable(file, error)] };
  }
  try {
    const { placeholders } = context.configuration;
    const { problems } = isPolicy(bytes)
      ? checkPolicy(context, file, bytes)
      : parseManifest(bytes, { file, directory: dirname(path), placeholders });
    return { file, ok: true, problems };
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    return { file, ok: false, problems: error.problems };
  }
}

function unreadable(file: string, error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EISDIR: 'it is a folder; name the manifest in it',
    EACCES: 'reading it is not permitted',
  };
  const message = `cannot be read: ${reasons[code] ?? code}`;
  return { file, line: 1, column: 1, field: '', message, severity: 'error' };
}

function summary(files: readonly CheckedFile[]): string {
  const count = (severity: Problem['severity']) =>
    files.reduce((sum, { problems }) => sum + problems.filter((problem) => problem.severity === severity).length, 0);
  const valid = files.filter(({ ok }) => ok).length;
  return [
    `${plural(files.length, 'file')}: ${valid} valid`,
    `${files.length - valid} not`,
    plural(count('error'), 'error'),
    plural(count('warning'), 'warning'),
  ].join(', ');
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
