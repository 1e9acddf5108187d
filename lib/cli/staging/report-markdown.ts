import { isPolicyReport, type PolicyReport, type RunReport } from '../../core/pipeline/policy-report.ts';
import { plural } from '../plural.ts';
import { formatBytes } from '../progress/quantities.ts';
import { codeText, commentText } from './markdown-text.ts';
import { changeLines } from './policy-summary.ts';

/** A run that has ended. */
export interface ReportedRun {
  readonly report: RunReport;
  /** Say how it ended, and no names. */
  readonly hidden: boolean;
}

/** Rows of one release: those that are not well come first. */
const mostRows = 40;
const well: ReadonlySet<string> = new Set(['present', 'copied', 'staged', 'referenced']);

/** The summary of a CI job: what its runs published. */
export function reportMarkdown(runs: readonly ReportedRun[]): string {
  return commentText(['### Weighbridge', ...runs.flatMap((run) => ['', ...ended(run)]), '']);
}

function ended({ report, hidden }: ReportedRun): string[] {
  if (isPolicyReport(report)) return policyEnded(report, hidden);
  const { state, run, attempt, artifacts, stores, error } = report;
  const name = hidden ? 'A private release' : codeText(`${report.collection}@${report.version}`);
  const fetched = artifacts.reduce((sum, { bytesFetched }) => sum + bytesFetched, 0);
  const files = `${artifacts.length} ${artifacts.length === 1 ? 'file' : 'files'}`;
  const facts = [files, `${formatBytes(fetched)} fetched`, `run ${codeText(`${run}/${attempt}`)}`];
  const lines = [`#### ${name}: ${state}`, '', facts.join(' · ')];
  if (hidden) return lines;
  if (error !== undefined) {
    lines.push('', codeText(error.message), ...(error.hint === undefined ? [] : ['', codeText(error.hint)]));
  }
  const bad = artifacts.filter((one) => !well.has(one.state));
  const listed = [...bad, ...artifacts.filter((one) => well.has(one.state))].slice(0, mostRows);
  lines.push('', '| file | state | size | |', '|---|---|---:|---|');
  for (const one of listed) {
    const why = one.attempts.findLast(({ outcome }) => outcome !== 'ok')?.reason ?? one.reason;
    const said = well.has(one.state) || why === undefined ? '' : codeText(why);
    lines.push(
      `| ${codeText(one.file)} | ${one.state} | ${one.size === null ? '' : formatBytes(one.size)} | ${said} |`,
    );
  }
  if (artifacts.length > listed.length) lines.push('', `_and ${artifacts.length - listed.length} more_`);
  lines.push('', ...stores.map((one) => `- ${codeText(one.store)}: ${one.state}${because(one.reason)}`));
  return lines;
}

/** Changes listed at most. */
const mostChanges = 100;

function policyEnded({ state, run, attempt, policy, changes, notes, error }: PolicyReport, hidden: boolean): string[] {
  const counts = policy === null ? [] : [plural(policy.grants, 'grant'), plural(policy.principals, 'principal')];
  const facts = [...counts, `run ${codeText(`${run}/${attempt}`)}`];
  const lines = [`#### The access policy: ${state}`, '', facts.join(' · ')];
  if (hidden) return lines;
  if (error !== undefined) {
    lines.push('', codeText(error.message), ...(error.hint === undefined ? [] : ['', codeText(error.hint)]));
  }
  const changed = changes === undefined ? [] : changeLines(changes);
  const said = changed.slice(0, mostChanges).map((line) => `- ${codeText(line)}`);
  const more = changed.length - said.length;
  const rest = more === 0 ? [] : [`- _and ${more} more_`];
  return [...lines, '', ...said, ...rest, ...notes.map((note) => `- note: ${codeText(note)}`)];
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `, ${codeText(reason)}`;
}
