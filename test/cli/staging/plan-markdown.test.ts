import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeText, commentText } from '../../../lib/cli/staging/markdown-text.ts';
import { type PlannedManifest, planMarkdown, planMarker } from '../../../lib/cli/staging/plan-markdown.ts';
import type { PolicyPlan } from '../../../lib/cli/staging/policy-summary.ts';
import { reportMarkdown } from '../../../lib/cli/staging/report-markdown.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { Refused } from '../../../lib/core/errors.ts';
import { escapeUnsafe } from '../../../lib/core/manifest/unsafe-characters.ts';
import type { PolicyReport } from '../../../lib/core/pipeline/policy-report.ts';
import type { Plan } from '../../../lib/core/stage/plan.ts';
import type { StageReport } from '../../../lib/core/stage/report.ts';
import { runMain } from '../run-main.ts';

const hostile = [
  '| a | b |',
  '</code><img src=x onerror=alert(1)>',
  '`code` **bold** _x_',
  '[click](https://example.org)',
  '@somebody please #1',
  'https://example.org www.example.org',
  '\n# heading\n\n- list',
  '&lt;script&gt; &#64;x',
  '--> <!-- weighbridge plan -->',
  '\u202emoc.elpmaxe',
];

function plan(more: Partial<Plan> = {}): Plan {
  return {
    collection: 'falcon',
    version: '1.0.0',
    store: 's3://m',
    state: 'new',
    publishable: true,
    artifacts: [
      {
        id: 'w',
        file: 'w.bin',
        required: true,
        action: 'fetch',
        size: 1 << 20,
        from: 'https://example.org/w',
        reason: '',
      },
      { id: 'c', file: 'c.bin', required: false, action: 'present', size: 5, from: null, reason: '' },
    ],
    bytes: { fetch: 1 << 20, copy: 0, present: 5 },
    requests: {},
    memoryBound: 0,
    warnings: [],
    ...more,
  };
}

const manifest = { collection: 'falcon', version: '1.0.0', access: 'public', license: 'MIT' } as const;
const secret = { collection: 'hush', version: '2.0.0', access: 'private', license: 'LicenseRef-Hush' } as const;
const open = { hidePrivate: false };
const decoded = (text: string) => text.replace(/&#(\d+);/g, (_, number) => String.fromCodePoint(Number(number)));

describe('a value in a comment', () => {
  it.each(hostile)('is shown and means nothing: %j', (value) => {
    const text = codeText(value);
    expect(text).toMatch(/^<code>(?:[A-Za-z0-9 ./+=-]|&#[0-9]+;)*<\/code>$/);
    expect(decoded(text)).toBe(`<code>${escapeUnsafe(value)}</code>`);
    expect(text).not.toMatch(/www\.|:\/\/|@/);
  });

  it('is one line of harmless characters whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (value) => {
        expect(codeText(value)).toMatch(/^<code>(?:[A-Za-z0-9 ./+=-]|&#[0-9]+;)*<\/code>$/);
      }),
    );
  });

  it('is cut in its middle when it is long', () => {
    const text = decoded(codeText(`begin${'x'.repeat(500)}end`));
    expect(text).toMatch(/^<code>begin.*…x*end<\/code>$/);
    expect(text.length).toBeLessThan(180);
  });
});

describe('the comment on a pull request', () => {
  it('begins with the mark by which it is found again', () => {
    expect(planMarkdown([], open).split('\n')[0]).toBe(planMarker);
    expect(planMarkdown([], open)).toContain('No manifest is changed.');
  });

  it('says what is new, how much is fetched, what it costs, its licence and access', () => {
    const text = planMarkdown([{ manifest, plan: plan(), cost: { staging: 0.123, month: 0.0001 } }], open);
    expect(text).toContain('1 release: 1 new');
    expect(decoded(text)).toContain('#### <code>falcon@1.0.0</code>: new');
    expect(decoded(text)).toContain(
      'public · licence <code>MIT</code> · 1 file to fetch, 1.00 MiB · 1 unchanged, 5 B · about 0.12 USD to stage, ' +
        'less than 0.01 USD a month to keep',
    );
    expect(decoded(text)).toContain('| <code>w.bin</code> | fetch | 1.00 MiB | <code>https://example.org/w</code> |');
    expect(text).not.toContain('c.bin');
  });

  it('counts what is unchanged and does not list it', () => {
    const text = planMarkdown([{ manifest, plan: plan({ state: 'present' }) }], open);
    expect(text).toContain('1 release: 1 unchanged');
    expect(text).not.toContain('####');
  });

  it('says what cannot be published, and what is refused and why', () => {
    const refused = new Refused('released-content', 'falcon@1.0.0 is released with other content', {
      hint: 'Take a new version.',
    });
    const text = planMarkdown(
      [
        { manifest, plan: plan({ publishable: false, warnings: ['two are equal'] }) },
        { manifest, plan: refused },
      ],
      open,
    );
    expect(text).toContain('2 releases: 1 not possible, 1 refused');
    expect(decoded(text)).toContain('falcon@1.0.0 is released with other content');
    expect(decoded(text)).toContain('Take a new version.');
    expect(decoded(text)).toContain('- note: <code>two are equal</code>');
  });

  it('has no name of a private release where everybody can read it', () => {
    const [artifact] = plan().artifacts;
    const names: Partial<Plan> = {
      artifacts: artifact === undefined ? [] : [{ ...artifact, file: 'hush.bin', from: 's3://hush/x', reason: 'hush' }],
      warnings: ['hush'],
      store: 's3://hush',
    };
    const planned: PlannedManifest[] = [
      { manifest: secret, plan: plan(names), cost: { staging: 1, month: 1 } },
      { manifest: secret, plan: new Refused('released-content', 'hush@2.0.0', { hint: 'hush' }) },
    ];
    const text = decoded(planMarkdown(planned, { hidePrivate: true }));
    expect(text).not.toMatch(/hush/i);
    expect(text).toContain('#### A private release: new');
    expect(text).toContain('1 file to fetch, 1.00 MiB');
    expect(decoded(planMarkdown(planned, open))).toContain('hush.bin');
  });

  it('stays within what GitHub takes', () => {
    const [artifact] = plan().artifacts;
    const artifacts = Array.from(
      { length: 500 },
      (_, index) => ({ ...artifact, file: `${index}`.repeat(50) }) as never,
    );
    const text = planMarkdown(
      Array.from({ length: 50 }, () => ({ manifest, plan: plan({ artifacts }) })),
      open,
    );
    expect(text.length).toBeLessThan(65_536);
    expect(text).toMatch(/_\d+ more lines: run the command on your machine\._$/);
    expect(commentText(['a', 'b'])).toBe('a\nb');
  });
});

describe('the summary of a CI job', () => {
  const report: StageReport = {
    ...{ ok: false, run: '0'.repeat(32), attempt: '01JZ', collection: 'hush', version: '1.0.0' },
    state: 'failed',
    ...{ published: false, content: null, notes: [], startedAt: '', finishedAt: '' },
    artifacts: [
      {
        ...{
          id: 'w',
          file: 'w|.bin',
          state: 'failed',
          required: true,
          size: 3,
          sha256: null,
          bytesFetched: 3,
          seconds: 1,
        },
        ...{ source: null, attempts: [{ source: 'https://x', outcome: 'broken', reason: 'not what <b> is' }] },
      },
    ],
    stores: [{ store: 's3://hush', state: 'failed', requests: {} }],
    error: { code: 'Refused', message: 'no @hush' },
  };

  it('says how it ended and why, file by file', () => {
    const text = decoded(reportMarkdown([{ report, hidden: false }]));
    expect(text).toContain('#### <code>hush@1.0.0</code>: failed');
    expect(text).toContain('| <code>w|.bin</code> | failed | 3 B | <code>not what <b> is</code> |');
    expect(text).toContain('<code>no @hush</code>');
  });

  it('has no names where they are to be hidden, and the run to ask for', () => {
    const text = decoded(reportMarkdown([{ report, hidden: true }]));
    expect(text).not.toMatch(/hush|w\|/);
    expect(text).toContain(`1 file · 3 B fetched · run <code>${'0'.repeat(32)}/01JZ</code>`);
  });
});

describe('the access policy in Markdown', () => {
  const none = { added: [], removed: [], changed: [] };
  const changes = {
    grants: { ...none, added: [{ name: 'weights', after: 'to team: hush-*' }] },
    principals: none,
    issuers: none,
  };
  const counts = { grants: 1, principals: 2 };
  const report: PolicyReport = {
    ...{ ok: true, run: '0'.repeat(32), attempt: '01JZ', kind: 'policy', state: 'published', publisher: 'models' },
    ...{ policy: { sha256: 'ab'.repeat(32), ...counts }, changes, notes: [], startedAt: '', finishedAt: '' },
  };
  const policy: PolicyPlan = { kind: 'policy', file: 'access.yaml', sha256: 'ab'.repeat(32), ...counts, changes };

  it('is planned with all that it says, and reported with all that it changes', () => {
    const planned = decoded(planMarkdown([], { ...open, policy }));
    expect(planned).toContain('The access policy is changed.');
    expect(planned).toContain('1 grant · 2 principals\n\n- <code>grant weights: to team: hush-*</code>');
    const reported = decoded(reportMarkdown([{ report, hidden: false }]));
    expect(reported).toContain('#### The access policy: published');
    expect(reported).toContain('- <code>+ grant weights: to team: hush-*</code>');
  });

  it('is counted alone where names are to be hidden', () => {
    const texts = [planMarkdown([], { hidePrivate: true, policy }), reportMarkdown([{ report, hidden: true }])];
    for (const text of texts.map(decoded)) {
      expect(text).toContain('1 grant · 2 principals');
      expect(text).not.toMatch(/hush|team|weights/);
    }
  });
});

describe('plan --markdown', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weighbridge-plan-'));
    mkdirSync(join(folder, 'files'));
    writeFileSync(join(folder, 'files/a.bin'), 'a');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(
    access: 'public' | 'private',
    collection: string,
    sha256 = Sha256.ofBytes(Buffer.from('a')).hex,
  ): void {
    const lines = [
      'weighbridge: 1',
      ...[`collection: ${collection}`, 'version: 1.0.0', `access: ${access}`, 'artifacts:'],
      ...['  - id: a', '    file: a.bin', '    source: file:files/a.bin', `    sha256: ${sha256}`, '    size: 1', ''],
    ];
    writeFileSync(join(folder, `${collection}.yaml`), lines.join('\n'));
  }

  it('prints the comment alone', async () => {
    write('public', 'open');
    const { code, stdout } = await runMain(['plan', 'open.yaml', '--markdown', '--progress', 'none'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(planMarker);
    expect(decoded(stdout)).toContain('#### <code>open@1.0.0</code>: new');
  });

  it('prints it also when a release is refused, with the exit code of that', async () => {
    write('public', 'open');
    expect((await runMain(['stage', 'open.yaml', '--progress', 'none'], { cwd: folder })).code).toBe(0);
    writeFileSync(join(folder, 'files/a.bin'), 'b');
    write('public', 'open', Sha256.ofBytes(Buffer.from('b')).hex);
    const { code, stdout } = await runMain(['plan', 'open.yaml', '--markdown', '--progress', 'none'], { cwd: folder });
    expect(code).toBe(3);
    expect(stdout).toContain('1 release: 1 refused');
  });

  it('keeps private names out of both streams where that is asked for', async () => {
    write('private', 'hush');
    const words = ['plan', 'hush.yaml', '--markdown', '--hide-private', '--progress', 'none'];
    const { code, stdout, stderr } = await runMain(words, { cwd: folder });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('hush');
    expect(stdout).toContain('A private release: new');
  });

  it.each([
    [['--markdown', '--json'], '--markdown and --json'],
    [['--hide-private'], '--hide-private needs --markdown'],
  ])('%j is wrong usage', async (words, message) => {
    write('public', 'open');
    const { code, stderr, stdout } = await runMain(['plan', 'open.yaml', ...words], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr + stdout).toContain(message);
  });
});
