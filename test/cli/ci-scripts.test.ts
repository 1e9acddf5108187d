import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cloudWorkflowYaml } from '../../lib/cli/init-template/cloud-workflow-yaml.ts';
import { gitlabCiYaml } from '../../lib/cli/init-template/gitlab-ci-yaml.ts';
import { planMarker } from '../../lib/cli/staging/plan-markdown.ts';
import { hasProgram } from '../support/has-program.ts';

type Name = 'plan' | 'comment' | 'submit';
const { jobs } = parse(cloudWorkflowYaml) as { jobs: Record<Name, { steps: { run?: string }[] }> };
const gitlab = parse(gitlabCiYaml) as Record<Name, { script: string[] }>;

/** The last script of a job, as GitHub starts it. */
const github = (name: Name): string => `set -eo pipefail\n${jobs[name].steps.at(-1)?.run ?? ''}`;
/** The lines of a job, as GitLab's runner does: one shell, ended by the first that fails. */
const script = (name: Name): string => ['set -eo pipefail', ...gitlab[name].script].join('\n');

/** A name that a shell which reads it as a script would run. */
const hostile = 'manifests/a/$(touch pwned);"\'`touch pwned` x.yaml';

const tools = [
  ['bash', '--version'],
  ['git', '--version'],
  ['openssl', 'version'],
] as const;
const lacking = tools.filter(([tool, asked]) => !hasProgram(tool, [asked]));

describe.skipIf(lacking.length > 0)('the scripts of the CI files', () => {
  let folder: string;
  let repository: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weighbridge-ci-'));
    repository = join(folder, 'repository');
    mkdirSync(join(folder, 'bin'));
    mkdirSync(repository);
    git('init', '--quiet', '--initial-branch=main');
    commit('manifests/a/1.0.0.yaml', 'README.md');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function git(...words: string[]): string {
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', [...who, ...words], { cwd: repository, encoding: 'utf8' }).trim();
  }

  function commit(...files: string[]): string {
    for (const file of files) {
      mkdirSync(dirname(join(repository, file)), { recursive: true });
      appendFileSync(join(repository, file), 'x\n');
    }
    git('add', '--all');
    git('commit', '--quiet', '--message', 'x');
    return git('rev-parse', 'HEAD');
  }

  /** A program of this name that writes down what it was called with, and prints and returns what it is told. */
  function program(name: string, prints = '', code = 0): void {
    const file = join(folder, 'bin', name);
    writeFileSync(join(folder, `${name}.prints`), prints);
    const lines = [
      ...[
        '#!/bin/bash',
        `printf '%s\\0' "$@" >> '${join(folder, name)}.called'`,
        `printf '\\n' >> '${join(folder, name)}.called'`,
      ],
      ...[`cat '${join(folder, name)}.prints'`, `exit ${code}`],
    ];
    writeFileSync(file, lines.join('\n'));
    chmodSync(file, 0o755);
  }

  function calls(name: string): string[][] {
    const file = join(folder, `${name}.called`);
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\0\n')
      .slice(0, -1)
      .map((line) => line.split('\0'));
  }

  function run(text: string, variables: Record<string, string>) {
    for (const name of ['output', 'summary']) writeFileSync(join(folder, name), '');
    const env = {
      PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
      HOME: folder,
      ...{ RUNNER_TEMP: folder, GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') },
      ...{ CI_PROJECT_DIR: repository, CI_PROJECT_VISIBILITY: 'private', CI_PIPELINE_ID: '7', AWS_ID_TOKEN: 'token' },
      ...variables,
    };
    return spawnSync('bash', ['-c', text], { cwd: repository, encoding: 'utf8', env });
  }

  const written = (name: string) => readFileSync(join(folder, name), 'utf8');

  /** What GitHub checks out for a pull request: its merge into the branch. */
  function pullRequest(...files: string[]): void {
    git('checkout', '--quiet', '-b', 'feature');
    commit(...files);
    git('checkout', '--quiet', 'main');
    git('merge', '--quiet', '--no-ff', '--message', 'x', 'feature');
  }

  it('plan on GitHub: looks at the manifests that the pull request changes, whatever they are called', () => {
    program('npx', `${planMarker}\nfine\n`);
    pullRequest('manifests/b/2.0.0.yaml', hostile, 'docs/x.yaml');
    const { status, stderr } = run(github('plan'), { HIDE: '--hide-private' });
    expect([status, stderr]).toEqual([0, '']);
    expect(calls('npx')).toEqual([
      [
        ...['weighbridge', 'plan', '--cloud', '--markdown', '--hide-private', '--progress', 'none'],
        ...[hostile, 'manifests/b/2.0.0.yaml'],
      ],
    ]);
    expect(existsSync(join(repository, 'pwned'))).toBe(false);
    expect(written('output')).toMatch(/^comment<<([0-9a-f]{32})\n<!-- weighbridge plan -->\nfine\n\1\n$/);
    expect(written('summary')).toContain('fine');
  });

  it('plan on GitHub: the comment is there also when the job then fails', () => {
    program('npx', `${planMarker}\nrefused\n`, 3);
    pullRequest('manifests/b/2.0.0.yaml');
    expect(run(github('plan'), { HIDE: '' }).status).not.toBe(0);
    expect(written('output')).toContain('refused');
  });

  it('plan on GitHub: without a changed manifest nothing is done', () => {
    program('npx');
    pullRequest('docs/x.yaml');
    expect(run(github('plan'), { HIDE: '' }).status).toBe(0);
    expect(calls('npx')).toEqual([]);
    expect(written('output')).toBe('');
  });

  it('comment on GitHub: the first time it is written', () => {
    program('gh');
    const body = `${planMarker}\n"$(touch pwned)" \`touch pwned\``;
    const { status } = run(github('comment'), { REPOSITORY: 'acme/models', NUMBER: '5', BODY: body });
    expect(status).toBe(0);
    expect(calls('gh').at(-1)).toEqual([
      ...['api', '--silent', '--method', 'POST', 'repos/acme/models/issues/5/comments', '--raw-field', `body=${body}`],
    ]);
    expect(existsSync(join(repository, 'pwned'))).toBe(false);
  });

  it('comment on GitHub: afterwards it is replaced', () => {
    program('gh', '99\n100\n');
    run(github('comment'), { REPOSITORY: 'acme/models', NUMBER: '5', BODY: 'x' });
    expect(calls('gh').at(-1)).toEqual([
      ...['api', '--silent', '--method', 'PATCH', 'repos/acme/models/issues/comments/99', '--raw-field', 'body=x'],
    ]);
  });

  it('submit on GitHub: what was changed since the last push', () => {
    program('npx');
    const before = git('rev-parse', 'HEAD');
    commit('manifests/b/2.0.0.yaml');
    git('rm', '--quiet', 'manifests/a/1.0.0.yaml');
    commit(hostile);
    const { status, stderr } = run(github('submit'), { BEFORE: before, HIDE: '' });
    expect([status, stderr]).toEqual([0, '']);
    expect(calls('npx')).toEqual([
      [
        ...['weighbridge', 'submit', '--wait', '--timeout', '225m', '--summary', join(folder, 'summary')],
        ...['--progress', 'plain', hostile, 'manifests/b/2.0.0.yaml'],
      ],
    ]);
  });

  it.each(['0'.repeat(40), 'a'.repeat(40), ''])('submit on GitHub: everything where "%s" was before', (before) => {
    program('npx');
    expect(run(github('submit'), { BEFORE: before, HIDE: '' }).status).toBe(0);
    expect(calls('npx')[0]?.at(-1)).toBe('manifests/a/1.0.0.yaml');
  });

  it('submit on GitHub: a run that fails fails the job', () => {
    program('npx', '', 1);
    expect(run(github('submit'), { BEFORE: '', HIDE: '' }).status).not.toBe(0);
  });

  it('plan on GitLab: with the token where the AWS libraries look, outside of what is committed', () => {
    program('npx', `${planMarker}\n`);
    program('npm');
    const base = git('rev-parse', 'HEAD');
    commit(hostile);
    const variables = { CI_MERGE_REQUEST_DIFF_BASE_SHA: base, CI_PROJECT_VISIBILITY: 'public' };
    const { status, stderr } = run(script('plan'), {
      ...variables,
      WEIGHBRIDGE_PLAN_ROLE: 'r',
      WEIGHBRIDGE_REGION: 'e',
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(calls('npx')).toEqual([
      ['weighbridge', 'plan', '--cloud', '--markdown', '--hide-private', '--progress', 'none', hostile],
    ]);
    expect(readFileSync(join(repository, '.git/aws-token'), 'utf8')).toBe('token');
    expect(git('status', '--porcelain')).toBe('?? plan.md');
    expect(existsSync(join(repository, 'pwned'))).toBe(false);
  });

  it.each([
    ['[]', 'POST', ''],
    [`[{"id":1,"body":"x"},{"id":42,"body":"${planMarker}\\n"}]`, 'PUT', '/42'],
  ])('comment on GitLab: with the notes %s it is a %s', (notes, method, suffix) => {
    program('curl', notes);
    writeFileSync(join(repository, 'plan.md'), planMarker);
    const place = { CI_API_V4_URL: 'https://git.example.org/api/v4', CI_MERGE_REQUEST_PROJECT_ID: '3' };
    const { status, stderr } = run(script('comment'), {
      ...place,
      ...{ CI_MERGE_REQUEST_IID: '5', WEIGHBRIDGE_COMMENT_TOKEN: 'glpat-secret' },
    });
    expect([status, stderr]).toEqual([0, '']);
    const url = 'https://git.example.org/api/v4/projects/3/merge_requests/5/notes';
    expect(calls('curl').at(-1)?.slice(-5)).toEqual([
      ...['--request', method, '--data-urlencode', 'body@plan.md', `${url}${suffix}`],
    ]);
    // Everybody on the machine can read what programs are called with.
    expect(JSON.stringify(calls('curl'))).not.toContain('glpat');
    expect(readFileSync(join(repository, 'curl.conf'), 'utf8')).toBe('header = "PRIVATE-TOKEN:glpat-secret"\n');
  });

  it('submit on GitLab: what was changed since the last push', () => {
    program('npx');
    program('npm');
    const before = git('rev-parse', 'HEAD');
    commit('manifests/b/2.0.0.yaml');
    const variables = { CI_COMMIT_BEFORE_SHA: before, WEIGHBRIDGE_SUBMIT_ROLE: 'r', WEIGHBRIDGE_REGION: 'e' };
    const { status, stderr } = run(script('submit'), variables);
    expect([status, stderr]).toEqual([0, '']);
    expect(calls('npx')).toEqual([
      [
        ...['weighbridge', 'submit', '--wait', '--timeout', '225m', '--summary', 'report.md', '--progress', 'plain'],
        'manifests/b/2.0.0.yaml',
      ],
    ]);
  });
});
