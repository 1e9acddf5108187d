import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { declarations } from '../../lib/cli/declarations.ts';
import { terminalPicture } from '../../tools/terminal-picture.ts';
import { root } from '../project/source-files.ts';

describe('the picture of a terminal', () => {
  it('shows text as it is, also where it looks like markup', () => {
    const picture = terminalPicture([{ kind: 'output', text: '<script>&"' }], 40);
    expect(picture).toContain('>&lt;script&gt;&amp;&quot;</text>');
    expect(picture).not.toContain('<script');
  });

  it('wraps what is longer than the terminal is wide', () => {
    const picture = terminalPicture([{ kind: 'command', text: 'x'.repeat(9) }], 10);
    expect(picture).toContain(`</tspan> ${'x'.repeat(8)}</text>`);
    expect(picture).toContain('>x</text>');
  });

  it('in the README shows commands that there are', () => {
    const picture = readFileSync(join(root, 'docs/images/quickstart.svg'), 'utf8');
    const shown = [...picture.matchAll(/<\/tspan> weighbridge (\w+)/g)].map(([, name]) => name);
    expect(shown.length).toBeGreaterThan(3);
    const names = declarations.map(({ name }) => name);
    expect(shown.filter((name) => !names.includes(name as string))).toEqual([]);
  });
});
