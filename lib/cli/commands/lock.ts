import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import { InvalidFile, type Problem, UsageError } from '../../core/errors.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { lockFile } from '../locking/lock-file.ts';
import { type LockedFile, lockSummary } from '../locking/lock-summary.ts';
import { problemLine } from '../problem-line.ts';

/** `lock MANIFEST... [--check]` */
export const run: CommandRun = async (context, { args, options }) => {
  const check = options.check === true;
  const concurrency = typeof options.concurrency === 'number' ? options.concurrency : undefined;
  const files: LockedFile[] = [];
  let exit: ExitCode = exitCodes.done;
  for (const name of args) {
    const { file, code } = await lockOne(context, name, { check, concurrency });
    files.push(file);
    if (code > exit) exit = code;
    if (context.json) continue;
    for (const problem of file.problems) context.say(problemLine(problem));
    for (const line of lockSummary(file, check)) context.print(line);
  }
  if (context.json) context.printJson(files.length === 1 ? files[0] : { manifests: files });
  return exit;
};

async function lockOne(
  context: CommandContext,
  manifest: string,
  options: { readonly check: boolean; readonly concurrency: number | undefined },
): Promise<{ file: LockedFile; code: ExitCode }> {
  try {
    const { changed, changes, problems } = await lockFile(context, manifest, options);
    const ok = problems.every(({ severity }) => severity !== 'error');
    const code = ok && !(options.check && changed) ? exitCodes.done : exitCodes.failed;
    return { file: { manifest, ok, changed, changes, problems }, code };
  } catch (error) {
    // One file that cannot be read does not keep the others from being locked.
    if (!(error instanceof InvalidFile || error instanceof UsageError)) throw error;
    const problems = error instanceof InvalidFile ? error.problems : [unreadable(manifest, error)];
    return { file: { manifest, ok: false, changed: false, changes: [], problems }, code: exitCodes.invalid };
  }
}

function unreadable(file: string, error: UsageError): Problem {
  return { file, line: 1, column: 1, field: '', message: error.message, severity: 'error' };
}
