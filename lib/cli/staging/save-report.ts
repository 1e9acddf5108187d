import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { StageReport } from '../../core/stage/report.ts';
import type { CommandContext } from '../command-context.ts';

/** Keeps the report of an attempt beside the checkpoints. */
export async function keepReport(stateFolder: string, report: StageReport): Promise<void> {
  const file = join(stateFolder, 'reports', report.run, `${report.attempt}.json`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, encode(report), { mode: 0o600 });
}

/** `--report FILE`: one report, or all of them where several manifests were staged. */
export async function writeReport(context: CommandContext, file: string, document: unknown): Promise<void> {
  await writeFile(resolve(context.cwd, file), encode(document));
}

function encode(document: unknown): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
