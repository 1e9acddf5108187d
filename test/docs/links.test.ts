import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../project/source-files.ts';
import { anchors, linkTargets } from './markdown.ts';

async function pages(): Promise<string[]> {
  const inDocs = await readdir(join(root, 'docs'), { recursive: true });
  const own = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
  return [...own, ...inDocs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
}

/** Links of a page to files of the project: where they lead, and the anchor. */
function ownLinks(page: string): { readonly path: string; readonly anchor: string | undefined }[] {
  return linkTargets(readFileSync(join(root, page), 'utf8'))
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { path: path === '' ? page : relative(root, join(root, dirname(page), path)), anchor };
    });
}

describe('the pages', () => {
  it('link to what is there', async () => {
    const broken: string[] = [];
    for (const page of await pages()) {
      for (const { path, anchor } of ownLinks(page)) {
        const there = existsSync(join(root, path));
        const found =
          there && (anchor === undefined || anchors(readFileSync(join(root, path), 'utf8')).includes(anchor));
        if (!found) broken.push(`${page}: ${path}${anchor === undefined ? '' : `#${anchor}`}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('can all be reached from the README', async () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      for (const { path } of ownLinks(page))
        if (path.endsWith('.md') && existsSync(join(root, path))) reached.add(path);
    }
    expect((await pages()).filter((page) => !reached.has(page))).toEqual([]);
  });

  it('use every picture', async () => {
    const shown = new Set((await pages()).flatMap((page) => ownLinks(page).map(({ path }) => path)));
    const pictures = (await readdir(join(root, 'docs/images'))).map((name) => join('docs/images', name));
    expect(pictures.filter((picture) => !shown.has(picture))).toEqual([]);
  });
});
