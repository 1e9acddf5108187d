import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { exitCodes } from '../../contract/exit-codes.ts';
import type { CommandRun } from '../command-context.ts';
import type { PackageVersions } from '../init-template/package-json.ts';
import { installCommand } from '../init-template/readme-md.ts';
import { type TemplateFile, templateFiles } from '../init-template/template-files.ts';

/** `init [DIR]`: the files of a user's own repository; those that exist stay as they are. */
export const run: CommandRun = async (context, { args }) => {
  const folder = resolve(context.cwd, args[0] ?? '.');
  const shown = relative(context.cwd, folder) || '.';
  const versions = await ownVersions();
  const written: string[] = [];
  const kept: string[] = [];
  for (const file of templateFiles(basename(folder), versions)) {
    (await writeNew(folder, file)) ? written.push(file.path) : kept.push(file.path);
  }
  const next = nextSteps(shown, versions);
  if (context.json) {
    context.printJson({ directory: shown, written, kept, next });
    return exitCodes.done;
  }
  for (const path of written) context.print(`wrote  ${join(shown, path)}`);
  for (const path of kept) context.print(`kept   ${join(shown, path)} (it was there already)`);
  context.print('');
  context.print('Next (npm pack in a checkout of Weighbridge makes the .tgz):');
  for (const step of next) context.print(`  ${step}`);
  return exitCodes.done;
};

/** False when something is there under that name, which is then left alone. */
async function writeNew(folder: string, file: TemplateFile): Promise<boolean> {
  const path = join(folder, file.path);
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, file.content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function nextSteps(shown: string, versions: PackageVersions): string[] {
  return [
    ...(shown === '.' ? [] : [`cd ${/^[\w./-]+$/.test(shown) ? shown : `'${shown}'`}`]),
    installCommand(versions.weighbridge),
    'npx weighbridge validate manifests/example/0.1.0.yaml',
    'npx weighbridge stage manifests/example/0.1.0.yaml',
    'npx weighbridge verify',
  ];
}

async function ownVersions(): Promise<PackageVersions> {
  // Three folders up from lib/cli/commands in the checkout, one more from dist/lib/cli/commands in the package.
  const up = import.meta.url.endsWith('.ts') ? '../../../package.json' : '../../../../package.json';
  const text = await readFile(new URL(up, import.meta.url), 'utf8');
  const own = JSON.parse(text) as { version: string; devDependencies: { node: string } };
  return { weighbridge: own.version, node: own.devDependencies.node };
}
