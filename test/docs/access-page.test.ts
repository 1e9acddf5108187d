import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../lib/cli/configuration-file.ts';
import { changeLines } from '../../lib/cli/staging/policy-summary.ts';
import { resolveDeployment } from '../../lib/contract/cloud/resolve-deployment.ts';
import { auditLine } from '../../lib/core/access/api/audit-line.ts';
import { parsePolicy } from '../../lib/core/access/policy/parse-policy.ts';
import { compilePattern } from '../../lib/core/access/policy/text-pattern.ts';
import { policyChanges } from '../../lib/core/access/policy-changes.ts';
import { policyDocumentSchema } from '../../lib/core/access/policy-document.ts';
import { runMain } from '../cli/run-main.ts';
import { root } from '../project/source-files.ts';
import { type CodeBlock, codeBlocks } from './markdown.ts';

let page: string;
let blocks: readonly CodeBlock[];
let folder: string;

beforeAll(async () => {
  page = await readFile(join(root, 'docs/access.md'), 'utf8');
  blocks = codeBlocks(page);
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-access-page-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Blocks of this language that begin so. */
const of = (language: string, beginning: string) =>
  blocks.filter((block) => block.language === language && block.text.startsWith(beginning));

/** The policy of the page that can be used, and the one that is refused. */
function policies() {
  const all = of('yaml', 'weighbridgeAccess: 1');
  const [good] = all.filter(({ remark }) => remark !== 'refused');
  const [refused] = all.filter(({ remark }) => remark === 'refused');
  expect(all).toHaveLength(2);
  return { good: good?.text ?? '', refused: refused?.text ?? '' };
}

describe('docs/access.md', () => {
  it('shows a policy that is valid, without a warning, and with every field', () => {
    const { good } = policies();
    const { problems, policy } = parsePolicy(good, { file: 'access.yaml' });
    expect(problems).toEqual([]);
    expect(new Set(Object.values(policy.principals).map(({ kind }) => kind))).toEqual(
      new Set(['aws', 'oidc', 'tokens']),
    );
    const grant = policyDocumentSchema.shape.grants.unwrap().valueType.shape;
    for (const field of [...Object.keys(policyDocumentSchema.shape), ...Object.keys(grant), 'contains', 'audience']) {
      expect(good).toMatch(new RegExp(`[ {]*${field}:`, 'm'));
    }
  });

  it('shows a policy that is refused as it says', async () => {
    await writeFile(join(folder, 'access.yaml'), `${policies().refused}\n`);
    const { code, stdout } = await runMain(['validate', 'access.yaml'], { cwd: folder });
    const [shown] = of('text', 'access.yaml:');
    expect([code, stdout.split('\n').filter((line) => line.includes(': error: '))]).toEqual([
      2,
      shown?.text.split('\n'),
    ]);
  });

  it('shows what access explain says of it', async () => {
    await writeFile(join(folder, 'policy.yaml'), `${policies().good}\n`);
    const shown = of('text', '$ npx weighbridge access explain');
    expect(shown.length).toBeGreaterThan(1);
    for (const { text } of shown) {
      const [command = '', ...lines] = text.split('\n');
      const args = command.replace('$ npx weighbridge ', '').split(' ');
      const { stdout } = await runMain([...args, '--policy', 'policy.yaml'], { cwd: folder });
      expect(stdout.trimEnd().split('\n')).toEqual(lines);
    }
  });

  it('shows what a report says of a change', () => {
    const { good } = policies();
    const read = (text: string) => parsePolicy(text, { file: 'access.yaml' }).policy;
    const before = good.replace(/^ +maximumLifetime: 5m.*\n/m, '');
    const shown = blocks.find(({ text }) => text.includes('the access policy holds from now on'))?.text ?? '';
    expect(shown.split('\n')[0]?.trim()).toEqual(changeLines(policyChanges(read(before), read(good))).join('\n'));
  });

  it('says rightly what patterns cover', () => {
    const section = page.slice(page.indexOf('## Patterns'), page.indexOf('## Claims'));
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) {
      const [pattern, covered, not] = row
        .split('|')
        .slice(1, 4)
        .map((cell) => [...cell.matchAll(/`([^`]+)`/g)]);
      const covers = compilePattern(pattern?.[0]?.[1] ?? '');
      for (const [, text = ''] of covered ?? []) expect([row, text, covers(text)]).toEqual([row, text, true]);
      for (const [, text = ''] of not ?? []) expect([row, text, covers(text)]).toEqual([row, text, false]);
    }
  });

  it('shows lines of the audit log as they are', () => {
    const lines = of('json', '{"type":"access"').flatMap(({ text }) => text.split('\n'));
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const { time, ...decision } = JSON.parse(line);
      expect(auditLine({ ...decision, time: new Date(time) })).toBe(line);
    }
  });

  it('shows publishers as weighbridge.yaml has them', () => {
    const [shown] = of('yaml', 'publishers:');
    const { publishers } = resolveDeployment(parseConfiguration(shown?.text ?? '', 'weighbridge.yaml'));
    expect(Object.values(publishers).map(({ policy }) => policy)).toEqual([true]);
  });
});
