import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { declarations } from '../../lib/cli/declarations.ts';
import { alarmIds } from '../../lib/contract/cloud/alarms.ts';
import { pipelineErrors } from '../../lib/contract/cloud/pipeline-errors.ts';
import { root } from '../project/source-files.ts';

const page = readFileSync(join(root, 'docs/runbook.md'), 'utf8');

/** The sections below one heading of the page, by their own headings. */
function sections(heading: string): ReadonlyMap<string, string> {
  const [, chapter = ''] = page.split(new RegExp(`^## ${heading}$`, 'm'));
  const [own = ''] = chapter.split(/^## /m);
  return new Map(
    own
      .split(/^### /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf('\n')), text]),
  );
}

describe('the runbook', () => {
  it('has a section for every alarm, and for no other', () => {
    expect([...sections('Alarms').keys()].sort()).toEqual([...alarmIds].sort());
  });

  it.each(alarmIds)('says of %s what it means, how to look and how to mend it', (id) => {
    expect(sections('Alarms').get(id)).toMatch(/\*\*Means\*\* [\s\S]+\*\*Look\*\* [\s\S]+\*\*Mend\*\* /);
  });

  it('has a section for every error that leaves a function, and for no other', () => {
    expect([...sections('Errors').keys()].sort()).toEqual(Object.values(pipelineErrors).sort());
  });

  it('names commands of the program that exist, with options that they have', () => {
    const used = [...page.matchAll(/weighbridge (?<name>[a-z]+)(?<rest>[^\n`]*)/g)].filter(
      ({ index }) => page.slice(index - 4, index) === 'npx ' || page[index - 1] === '`',
    );
    expect(used.length).toBeGreaterThan(10);
    for (const { groups } of used) {
      const { name = '', rest = '' } = groups ?? {};
      const declaration = declarations.find((one) => one.name === name);
      expect(declaration, name).toBeDefined();
      const options = declaration?.declare(new Command(name)).options.map(({ long }) => long);
      for (const [option] of rest.matchAll(/--[a-z-]+/g)) expect(options, `${name} ${option}`).toContain(option);
    }
  });
});
