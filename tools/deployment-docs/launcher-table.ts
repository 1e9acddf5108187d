import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from './markdown-table.ts';

/** What the emulator's launcher supplies, by the first sentence of each patch. @throws Error for one that says nothing */
export function launcherTable(folder: string): string {
  const rows = readdirSync(folder)
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => {
      const said = /^"""(.+?)\n\n/s.exec(readFileSync(join(folder, name), 'utf8'))?.[1];
      if (said === undefined) throw new Error(`${name} does not begin by saying what it supplies`);
      return [said.replaceAll('\n', ' '), `\`${name}\``];
    });
  return markdownTable(['what the launcher supplies', 'patch'], rows);
}
