import { describe, expect, it } from 'vitest';
import { importsOf, type SourceFile, sourceFiles } from './source-files.ts';

/** Which layers a layer may import, besides itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  'lib/contract': [],
  'lib/core': ['lib/contract'],
  'lib/cli': ['lib/contract', 'lib/core'],
  lambda: ['lib/contract', 'lib/core'],
  'lib/infra': ['lib/contract'],
};

/** The only packages that a layer may import, where that is limited. */
const packages: Readonly<Record<string, readonly string[]>> = { 'lib/contract': ['zod'] };

/** Packages that belong to one layer alone. */
const owned: Readonly<Record<string, string>> = {
  commander: 'lib/cli',
  'log-update': 'lib/cli',
  'aws-cdk-lib': 'lib/infra',
  constructs: 'lib/infra',
};

function layerOf(path: string): string | undefined {
  return Object.keys(arrows).find((layer) => path === layer || path.startsWith(`${layer}/`));
}

/** Every import of a file that points against the arrow, as `file -> imported`. */
function wrongEdges(file: SourceFile): string[] {
  const layer = layerOf(file.path);
  if (layer === undefined) return [];
  return importsOf(file)
    .filter((target) => !isAllowed(layer, target))
    .map((target) => `${file.path} -> ${target}`);
}

function isAllowed(layer: string, target: string): boolean {
  if (target.startsWith('node:')) return true;
  const name = /^(@[^/]+\/)?[^/]+/.exec(target)?.[0] ?? target;
  if (/^(lib|lambda|test|tools|bench|examples|bin|\.\.)(\/|$)/.test(target)) {
    const other = layerOf(target);
    return other !== undefined && (other === layer || (arrows[layer] ?? []).includes(other));
  }
  const owner = owned[name];
  return (packages[layer]?.includes(name) ?? true) && (owner === undefined || owner === layer);
}

describe('imports', () => {
  const files = sourceFiles(Object.keys(arrows), ['.ts']);

  it('point only along contract <- core <- {cli, lambda}, infra -> contract', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap(wrongEdges)).toEqual([]);
  });

  it.each([
    ['lib/core/x.ts', "import { a } from '../cli/a.ts';", 'lib/core/x.ts -> lib/cli/a.ts'],
    ['lib/core/x.ts', "import type { A } from '../../test/a.ts';", 'lib/core/x.ts -> test/a.ts'],
    ['lib/core/x.ts', "const { a } = await import('commander');", 'lib/core/x.ts -> commander'],
    ['lib/contract/x.ts', "export { a } from '../core/a.ts';", 'lib/contract/x.ts -> lib/core/a.ts'],
    ['lib/contract/x.ts', "import 'yaml';", 'lib/contract/x.ts -> yaml'],
    ['lib/infra/x.ts', "import {\n  a,\n  b,\n} from '../core/a.ts';", 'lib/infra/x.ts -> lib/core/a.ts'],
    ['lambda/x.ts', "import * as cdk from 'aws-cdk-lib/aws-s3';", 'lambda/x.ts -> aws-cdk-lib/aws-s3'],
  ])('against the arrow are found and named: %s %j', (path, text, edge) => {
    expect(wrongEdges({ path, text })).toEqual([edge]);
  });

  it('of relative files end in .ts', () => {
    const endless = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('lib/') && !target.endsWith('.ts'))
        .map((target) => `${file.path} -> ${target}`),
    );
    expect(endless).toEqual([]);
  });
});
