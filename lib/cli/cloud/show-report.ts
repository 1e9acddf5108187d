import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { isPolicyReport, type RunReport } from '../../core/pipeline/policy-report.ts';
import type { CommandContext } from '../command-context.ts';
import { policySummary } from '../staging/policy-summary.ts';
import { stageSummary } from '../staging/stage-summary.ts';

/** A report of the pipeline for people, as `stage` shows its own. */
export function showReport(context: CommandContext, report: RunReport): void {
  for (const line of isPolicyReport(report) ? policySummary(report) : stageSummary(report)) context.print(line);
  if (report.error === undefined) return;
  // What a publisher wrote may be quoted in it.
  const told = (text: string) => text.split('\n').map(escapeUnsafe).join('\n');
  context.say(`weighbridge: ${told(report.error.message)}`);
  if (report.error.hint !== undefined) context.say(`  ${told(report.error.hint)}`);
}
