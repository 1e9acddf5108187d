import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

it('no command loads a library of a cloud before a bucket is named', () => {
  const commands = readdirSync(join(root, 'lib/cli/commands')).map((name) => `lib/cli/commands/${name}`);
  // What commands load on their way to a folder, and what any of them may load to look at its environment.
  const beside = ['lib/core/stores/open-store.ts', 'lib/cli/context.ts', 'lib/cli/http-options.ts'];
  expect(commands.length).toBeGreaterThan(8);
  for (const path of [...commands, ...beside]) {
    const libraries = [...loadedBy(path)].filter((name) =>
      /^(?:@aws-sdk|@smithy|@google-cloud|google-auth)/.test(name),
    );
    expect([path, libraries]).toEqual([path, []]);
  }
  // So that the list above cannot be empty by a mistake of this test.
  expect([...loadedBy('lib/cli/buckets/s3-connection.ts')]).toContain('@aws-sdk/credential-providers');
});
