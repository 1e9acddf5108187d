import { spawnSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { declarations } from '../../lib/cli/declarations.ts';
import { cloudWorkflowYaml } from '../../lib/cli/init-template/cloud-workflow-yaml.ts';
import { gitlabCiYaml } from '../../lib/cli/init-template/gitlab-ci-yaml.ts';
import { planMarker } from '../../lib/cli/staging/plan-markdown.ts';

type Name = 'validate' | 'plan' | 'comment' | 'submit' | 'policy';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly if?: string;
  readonly needs?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface GitLabJob {
  readonly rules?: readonly { readonly if: string }[];
  readonly id_tokens?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly script: readonly string[];
}

const workflow = parse(cloudWorkflowYaml, { strict: true, uniqueKeys: true }) as {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<Name, Job>>;
};
const pipeline = parse(gitlabCiYaml, { strict: true, uniqueKeys: true });
const gitlab = pipeline as Readonly<Record<Name, GitLabJob>>;
const names = ['validate', 'plan', 'comment', 'submit', 'policy'] as const;

const scriptsOfGitHub = names.flatMap((name) =>
  workflow.jobs[name].steps.flatMap(({ run }) => (run === undefined ? [] : [[`github ${name}`, run] as const])),
);
const scriptsOfGitLab = names.map((name) => [`gitlab ${name}`, gitlab[name].script.join('\n')] as const);
const scripts = [...scriptsOfGitHub, ...scriptsOfGitLab];

describe('the CI files of a repository with a pipeline in the cloud', () => {
  it.each(scripts)('%s: every command of the program is there, with every option', (_, script) => {
    for (const { groups } of script.matchAll(/npx weighbridge (?<name>[a-z]+)(?<rest>[^|>\n]*)/g)) {
      const { name = '', rest = '' } = groups ?? {};
      const declaration = declarations.find((one) => one.name === name);
      expect(declaration, name).toBeDefined();
      const global = ['--progress'];
      const options = declaration?.declare(new Command(name)).options.map(({ long }) => long);
      for (const [option] of rest.matchAll(/--[a-z-]+/g)) {
        expect([...(options ?? []), ...global], `${name} ${option}`).toContain(option);
      }
    }
  });

  it('validate, plan and submit are all run, in both', () => {
    for (const of of [scriptsOfGitHub, scriptsOfGitLab]) {
      const text = of.map(([, script]) => script).join('\n');
      for (const command of [
        'validate',
        'plan --cloud --markdown',
        'submit --wait',
        'submit manifests/access.yaml --wait',
      ]) {
        expect(text).toContain(`npx weighbridge ${command}`);
      }
      expect(text).toContain(
        `startsWith("${planMarker}")`.replace('startsWith', of === scriptsOfGitHub ? 'startswith' : 'startsWith'),
      );
    }
  });

  it.each(scripts)('%s: is a script that bash can read, and nothing is written into it', (_, script) => {
    const checked = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
    expect([checked.status, checked.stderr]).toEqual([0, '']);
    // An expression would be replaced before the shell reads the line: a branch called `$(…)` would be run.
    expect(script).not.toMatch(/\$\{\{/);
    // Whose text the shell would evaluate.
    expect(script).not.toMatch(
      /\beval\b|CI_COMMIT_(?:MESSAGE|TITLE|REF_NAME|BRANCH)|MERGE_REQUEST_(?:TITLE|DESCRIPTION)/,
    );
  });

  it('names of changed files are passed on as they are', () => {
    for (const [name, script] of scripts.filter(([, text]) => text.includes('git diff'))) {
      expect(script, name).toContain('git diff --name-only -z');
      expect(script, name).toMatch(/xargs -0 npx weighbridge/);
    }
  });
});

describe('the workflow of GitHub', () => {
  it('gives nothing by default, and each job what it needs', () => {
    expect(workflow.permissions).toEqual({});
    expect(Object.fromEntries(names.map((name) => [name, workflow.jobs[name].permissions]))).toEqual({
      validate: { contents: 'read' },
      plan: { contents: 'read', 'id-token': 'write' },
      comment: { 'pull-requests': 'write' },
      submit: { contents: 'read', 'id-token': 'write' },
      policy: { contents: 'read', 'id-token': 'write' },
    });
    expect(Object.keys(workflow.on)).toEqual(['pull_request', 'push']);
    expect(workflow.on.push).toEqual({ branches: ['main'] });
  });

  it('the job that may write runs nothing of the pull request', () => {
    const { steps } = workflow.jobs.comment;
    expect(steps.flatMap(({ uses }) => uses ?? [])).toEqual([]);
    expect(steps.map(({ run }) => run).join()).not.toMatch(/npm|npx|node/);
  });

  it('forks are checked without credentials, and no further', () => {
    expect(workflow.jobs.validate.if).toBeUndefined();
    expect(JSON.stringify(workflow.jobs.validate)).not.toMatch(/secrets|vars|role/);
    expect(workflow.jobs.plan.if).toContain('github.event.pull_request.head.repo.full_name == github.repository');
    expect(workflow.jobs.comment.needs).toBe('plan');
    expect(workflow.jobs.submit.if).toContain("github.event_name == 'push'");
  });

  it('has no secret, and actions by their whole commit with the version beside it', () => {
    expect(cloudWorkflowYaml).not.toContain('secrets.');
    const uses = cloudWorkflowYaml.split('\n').filter((line) => line.includes('uses:'));
    expect(uses.length).toBeGreaterThan(6);
    for (const line of uses) expect(line).toMatch(/uses: [a-z-]+\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    for (const { uses: action, with: settings } of names.flatMap((name) => workflow.jobs[name].steps)) {
      if (action?.startsWith('actions/checkout@')) expect(settings).toMatchObject({ 'persist-credentials': false });
    }
  });

  it('what is decided by others reaches scripts as variables alone', () => {
    const given = names.flatMap((name) => workflow.jobs[name].steps.flatMap(({ env }) => Object.values(env ?? {})));
    const expressions = given.map((value) => /^\$\{\{ (.*) \}\}$/.exec(value)?.[1]);
    expect([...new Set(expressions)].sort()).toEqual([
      "!github.event.repository.private && '--hide-private' || ''",
      'github.event.before',
      'github.event.pull_request.number',
      'github.repository',
      'github.token',
      'needs.plan.outputs.comment',
    ]);
  });

  it('the policy is that of the branch, one job after the other, so that an older commit brings nothing back', () => {
    const { steps, ...job } = workflow.jobs.policy as Job & { readonly concurrency: unknown };
    expect(job.concurrency).toEqual({ group: 'weighbridge-policy', 'cancel-in-progress': false });
    expect(steps[0]?.with).toMatchObject({ ref: `\${{ github.ref }}` });
    expect(job.if).toContain("vars.WEIGHBRIDGE_POLICY == 'true'");
  });

  it('no merge that waits is left out for a later one', () => {
    expect(cloudWorkflowYaml).toContain("github.event_name == 'pull_request' && github.ref || github.run_id");
  });
});

describe('the pipeline of GitLab', () => {
  it('gives tokens to the jobs that take a role, and to no other', () => {
    expect(names.filter((name) => gitlab[name].id_tokens !== undefined)).toEqual(['plan', 'submit', 'policy']);
    for (const name of ['plan', 'submit', 'policy'] as const) {
      expect(gitlab[name].id_tokens).toEqual({ AWS_ID_TOKEN: { aud: '$CI_SERVER_URL' } });
    }
  });

  it('the policy is that of the branch, one job after the other', () => {
    expect(gitlab.policy).toMatchObject({ resource_group: 'weighbridge-policy' });
    expect(gitlab.policy.script[0]).toContain('git fetch --quiet origin "$CI_DEFAULT_BRANCH"');
    expect(gitlab.policy.rules?.[0]?.if).toContain('$WEIGHBRIDGE_POLICY == "true"');
  });

  it('merge requests of forks are not planned', () => {
    for (const name of ['plan', 'comment'] as const) {
      expect(gitlab[name].rules?.[0]?.if).toContain(
        '$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID',
      );
    }
    expect(gitlab.validate.rules).toBeUndefined();
    expect(gitlab.submit.rules?.[0]?.if).toContain('$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH');
  });

  it('the job that has the token for comments runs nothing of the merge request', () => {
    expect(gitlab.comment.variables).toEqual({ GIT_STRATEGY: 'none' });
    expect(gitlab.comment.script.join()).not.toMatch(/npm|npx|\.ts/);
    for (const name of ['validate', 'plan', 'submit', 'policy'] as const) {
      expect(gitlab[name].script.join()).not.toContain('COMMENT_TOKEN');
    }
  });

  it('each line is a string', () => {
    for (const name of names) for (const line of gitlab[name].script) expect(line).toBeTypeOf('string');
  });
});
