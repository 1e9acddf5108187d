import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunSummary } from '../../../lib/cli/cloud/run-summary.ts';
import type { CommandContext } from '../../../lib/cli/command-context.ts';
import type { StageReport } from '../../../lib/core/stage/report.ts';
import { runMain } from '../run-main.ts';

const report: StageReport = {
  ...{ ok: true, run: '0'.repeat(32), attempt: '01JZ', collection: 'falcon', version: '1.0.0', state: 'published' },
  ...{ published: true, content: null, artifacts: [], stores: [], notes: [], startedAt: '', finishedAt: '' },
};

describe('the summary of runs', () => {
  let cwd: string;
  let said: string[];
  let context: CommandContext;

  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'weighbridge-summary-'));
    said = [];
    context = { cwd, say: (line: string) => said.push(line) } as unknown as CommandContext;
  });
  afterEach(() => rmSync(cwd, { recursive: true, force: true }));

  it('is written behind what the file has, which may be of other steps', async () => {
    writeFileSync(join(cwd, 'summary.md'), 'before\n');
    const summary = new RunSummary('summary.md', false);
    summary.add(report, 'private');
    expect(await summary.write(context)).toBe(true);
    expect(readFileSync(join(cwd, 'summary.md'), 'utf8')).toMatch(/^before\n### Weighbridge\n\n#### <code>falcon&#64;/);
  });

  it('hides private releases alone', async () => {
    const summary = new RunSummary('summary.md', true);
    summary.add({ ...report, collection: 'hush' }, 'private');
    summary.add(report, 'public');
    await summary.write(context);
    const text = readFileSync(join(cwd, 'summary.md'), 'utf8');
    expect(text).not.toContain('hush');
    expect(text).toContain('#### A private release: published');
    expect(text).toContain('falcon');
  });

  it('that cannot be written is said, and no summary asked for is none', async () => {
    expect(await new RunSummary('nowhere/summary.md', false).write(context)).toBe(false);
    expect(said).toEqual(['weighbridge: the summary could not be written to nowhere/summary.md: ENOENT']);
    expect(await new RunSummary(undefined, false).write(context)).toBe(true);
  });

  it('needs a run that is waited for', async () => {
    const { code, stderr } = await runMain(['submit', 'm.yaml', '--summary', 's.md'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('--summary needs --wait');
  });
});
