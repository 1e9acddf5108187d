import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UsageError, WeighbridgeError } from '../../core/errors.ts';
import type { StageReport } from '../../core/stage/report.ts';
import type { CommandContext } from '../command-context.ts';
import type { StatePlace } from './open-state.ts';

/** Keeps the report of an attempt beside the checkpoints. That it cannot be kept is said, and changes nothing else. */
export async function keepReport(context: CommandContext, place: StatePlace, report: StageReport): Promise<void> {
  const name = `reports/${report.run}/${report.attempt}.json`;
  try {
    if (place.inBucket) {
      await (await place.open()).write(name, encode(report), { ifAbsent: true });
      return;
    }
    const file = join(place.folder, name);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, encode(report), { mode: 0o600 });
  } catch (error) {
    context.say(`warning: the report could not be kept beside the checkpoints: ${reasonOf(error)}`);
  }
}

/**
 * Looks whether `--report FILE` can be written, while nothing has been done yet.
 * @throws UsageError when its folder is not there, or a folder has its name.
 */
export async function checkReportPlace(context: CommandContext, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const path = resolve(context.cwd, file);
  if ((await stat(path).catch(() => undefined))?.isDirectory() === true) {
    throw new UsageError(`--report ${file}: that is a folder`, { hint: 'Name a file.' });
  }
  if ((await stat(dirname(path)).catch(() => undefined))?.isDirectory() !== true) {
    throw new UsageError(`--report ${file}: its folder is not there`, { hint: 'Make it first, or name another file.' });
  }
}

/**
 * `--report FILE`: one report, or all of them where several manifests were staged. What was staged is staged,
 * so a failure is said and nothing is thrown.
 * @returns false when it could not be written.
 */
export async function writeReport(
  context: CommandContext,
  file: string | undefined,
  document: unknown,
): Promise<boolean> {
  if (file === undefined) return true;
  try {
    await writeFile(resolve(context.cwd, file), encode(document));
    return true;
  } catch (error) {
    context.say(`weighbridge: the report could not be written to ${file}: ${reasonOf(error)}`);
    return false;
  }
}

/** Of the system only the code: its message would name an absolute path. */
function reasonOf(error: unknown): string {
  if (error instanceof WeighbridgeError) return error.message;
  return String((error as NodeJS.ErrnoException).code ?? 'unknown');
}

function encode(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
