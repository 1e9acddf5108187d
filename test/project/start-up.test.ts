import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './source-files.ts';

/** What a module needs before its first line runs: neither types nor `import()`. */
function staticImports(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'";]*?\bfrom\s+)?'([^']+)';/gm)].map(([, name = '']) =>
    name.startsWith('.') ? relative(root, resolve(root, dirname(path), name)) : name,
  );
}

function loadedBy(path: string, seen = new Set<string>()): Set<string> {
  for (const name of staticImports(path)) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (existsSync(join(root, name)) && name.startsWith('lib/')) loadedBy(name, seen);
  }
  return seen;
}

it('--help loads the shell and commander, and no other library', () => {
  const loaded = [...loadedBy('lib/cli/main.ts')];
  expect(loaded).toContain('lib/cli/declarations.ts');
  expect(loaded.filter((name) => !name.startsWith('lib/') && !name.startsWith('node:'))).toEqual(['commander']);
  expect(loaded.filter((name) => name.startsWith('lib/core/')).length).toBeLessThanOrEqual(5);
});
