import { appendFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { silentReporter } from '../../core/events.ts';
import type { Access } from '../../core/manifest/manifest.ts';
import type { RunReport } from '../../core/pipeline/policy-report.ts';
import type { CommandContext } from '../command-context.ts';
import { type ReportedRun, reportMarkdown } from '../staging/report-markdown.ts';

/** `--summary FILE`: what became of runs, as Markdown behind what the file has, such as that of a CI job. */
export class RunSummary {
  readonly #file: string | undefined;
  readonly #hidePrivate: boolean;
  readonly #runs: ReportedRun[] = [];

  constructor(file: string | undefined, hidePrivate: boolean) {
    this.#file = file;
    this.#hidePrivate = hidePrivate;
  }

  add(report: RunReport, access: Access): void {
    this.#runs.push({ report, hidden: this.#hidePrivate && access === 'private' });
  }

  /** @returns false when it could not be written, which is said. */
  async write({ cwd, say }: CommandContext): Promise<boolean> {
    if (this.#file === undefined) return true;
    try {
      await appendFile(resolve(cwd, this.#file), reportMarkdown(this.#runs));
      return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      say(`weighbridge: the summary could not be written to ${this.#file}: ${code}`);
      return false;
    }
  }
}

/** The same, and says nothing: everybody can read the logs of a public repository. */
export function saysNothing(context: CommandContext): CommandContext {
  return { ...context, reporter: silentReporter, print() {}, printJson() {}, say() {} };
}
