import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../lib/cli/configuration-file.ts';
import { declarations } from '../../lib/cli/declarations.ts';
import { cloudSchema } from '../../lib/contract/cloud/cloud-configuration.ts';
import { deploymentSections } from '../../lib/contract/cloud/deployment.ts';
import { resolveDeployment } from '../../lib/contract/cloud/resolve-deployment.ts';
import { type DeployedResource, deployedResources } from '../../tools/deployment-docs/deployed-resources.ts';
import { exampleDeployment } from '../../tools/deployment-docs/example-deployments.ts';
import { deployedRoles } from '../../tools/deployment-docs/role-statements.ts';
import { boxOf, trustArrows } from '../../tools/deployment-docs/trust-arrows.ts';
import { widestStatement } from '../../tools/deployment-docs/widest-statement.ts';
import { synthesise } from '../infra/synthesise.ts';
import { root } from '../project/source-files.ts';
import { codeBlocks } from './markdown.ts';

const read = (page: string) => readFileSync(join(root, page), 'utf8');
const deploy = read('docs/deploy.md');
const security = read('docs/security.md');
const pages = ['docs/deploy.md', 'docs/security.md', 'docs/real-account.md'];

let resources: readonly DeployedResource[];

beforeAll(() => {
  resources = deployedResources(synthesise(exampleDeployment, { checked: false }));
});

describe('the picture of docs/deploy.md', () => {
  const picture = codeBlocks(deploy).find(({ language }) => language === 'mermaid')?.text ?? '';
  const arrows = [...picture.matchAll(/^ +(\w+).*?(-->|-\.->)\|[^|]+\| (\w+)/gm)].map(([, from, kind, to]) => ({
    arrow: `${from} -> ${to}`,
    outside: kind === '-.->',
    ends: [from, to] as const,
  }));

  /** What is not of the stack. */
  const outside = new Set(['Ci', 'Upstreams', 'Google', 'Readers']);

  it('has every box of the template that has an arrow, and no other', () => {
    const drawn = new Set(arrows.flatMap(({ ends }) => ends).filter((box) => !outside.has(box as string)));
    const boxes = new Set(resources.map(boxOf));
    boxes.delete('Dashboard');
    expect([...drawn].sort()).toEqual([...boxes].sort());
  });

  it('has exactly the arrows of the template between them', () => {
    const inside = arrows.filter(({ ends }) => !ends.some((box) => outside.has(box as string)));
    expect(inside.filter((one) => one.outside)).toEqual([]);
    expect(inside.map(({ arrow }) => arrow).sort()).toEqual([...trustArrows(resources)].sort());
  });

  it('shows that CI takes both roles of a publisher by its own identity', () => {
    const federated = deployedRoles(resources).filter(({ takenBy }) => takenBy.includes('repo:'));
    const taken = arrows.filter(({ ends }) => ends[0] === 'Ci').map(({ ends }) => ends[1]);
    expect(federated.map(({ name }) => name)).toEqual(['models/Submit', 'models/Plan']);
    expect(taken.sort()).toEqual(['Look', 'Submit']);
  });
});

describe('docs/deploy.md', () => {
  it('names every setting of a deployment', () => {
    const { cloud: _, placeholders: __, ...sections } = deploymentSections;
    const settings = [...Object.keys(cloudSchema.shape), ...Object.keys(sections)];
    const missing = settings.filter((name) => !new RegExp(`\`[^\`]*\\b${name}\\b`).test(deploy));
    expect(missing).toEqual([]);
  });

  it('shows files that can be deployed', () => {
    const files = codeBlocks(deploy).filter(({ language }) => language === 'yaml');
    expect(files.length).toBeGreaterThan(1);
    for (const { text } of files) {
      const document = parseConfiguration(text, 'docs/deploy.md');
      for (const name of Object.keys(document.environments ?? { '': {} })) {
        expect(() => resolveDeployment(document, name === '' ? undefined : name)).not.toThrow();
      }
    }
  });
});

describe('docs/security.md', () => {
  it('names the widest statement of each role', () => {
    const part = security.slice(security.indexOf('<!-- generated: widest -->'), security.indexOf('<!-- end of widest'));
    for (const role of deployedRoles(resources)) {
      const { actions, resources: on } = widestStatement(role);
      const code = (texts: readonly string[]) => texts.map((text) => `\`${text}\``).join(', ');
      expect(part).toContain(`| \`${role.name}\` | ${code(actions)} | ${code(on)} |`);
    }
  });

  it('is right that nobody deletes objects, changes policies of buckets or passes roles', () => {
    const actions = deployedRoles(resources).flatMap(({ statements }) => statements.flatMap((one) => one.actions));
    expect(actions.length).toBeGreaterThan(50);
    expect(actions.filter((action) => /\*|s3:Delete|PutBucketPolicy|PassRole/.test(action))).toEqual([]);
  });

  it('is right about who can put a registry and who reads tokens', () => {
    const who = (action: string, resource: RegExp) =>
      deployedRoles(resources)
        .filter(({ statements }) =>
          statements.some((one) => one.actions.includes(action) && one.resources.some((on) => resource.test(on))),
        )
        .map(({ name }) => name);
    expect(who('s3:PutObject', /^<\w+Mirror>\/registry\.json$/)).toEqual(['Plan', 'Publish']);
    expect(who('secretsmanager:GetSecretValue', /./)).toEqual(['Plan', 'Transfer']);
    expect(who('s3:GetObject', /^<State>\/inbox/)).toEqual(['Plan', 'Transfer']);
  });
});

describe('the pages for operators', () => {
  it.each(pages)('%s says of each block of commands why it is not run', (page) => {
    for (const { language, remark, line } of codeBlocks(read(page))) {
      if (language === 'sh') expect(remark ?? '', `${page}:${line}`).toMatch(/^not run: .+/);
    }
  });

  it.each(pages)('%s names commands and npm scripts that exist, with options that they have', (page) => {
    const text = read(page);
    const { scripts } = JSON.parse(read('package.json'));
    for (const [, script = ''] of text.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(script);
    for (const [, name = '', rest = ''] of text.matchAll(/(?:npx |`|^)weighbridge ([a-z]+)([^\n`#]*)/gm)) {
      const declaration = declarations.find((one) => one.name === name);
      expect(declaration, `${page}: ${name}`).toBeDefined();
      const options = declaration?.declare(new Command(name)).options.map(({ long }) => long);
      for (const [option] of rest.matchAll(/--[a-z-]+/g)) expect(options, `${name} ${option}`).toContain(option);
    }
  });
});
