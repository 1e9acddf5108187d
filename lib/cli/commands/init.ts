import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { exitCodes } from '../../contract/exit-codes.ts';
import type { CommandRun } from '../command-context.ts';
import type { PackageVersions } from '../init-template/package-json.ts';
import { installCommand } from '../init-template/readme-md.ts';
import { type TemplateFile, templateFiles } from '../init-template/template-files.ts';

/** `init [DIR] [--cloud]`: the files of a user's own repository; those that exist stay as they are. */
export const run: CommandRun = async (context, { args, options }) => {
  const folder = resolve(context.cwd, args[0] ?? '.');
  const shown = relative(context.cwd, folder) || '.';
  const cloud = options.cloud === true;
  const versions = await ownVersions();
  const written: string[] = [];
  const kept: string[] = [];
  const lines: (readonly [file: string, line: string])[] = [];
  for (const file of templateFiles(basename(folder), versions, cloud)) {
    const there = await firstOf(folder, file.unless ?? []);
    if (there === undefined && (await writeNew(folder, file))) written.push(file.path);
    else kept.push(there ?? file.path);
    if (written.at(-1) !== file.path && file.otherwise !== undefined) lines.push([there ?? file.path, file.otherwise]);
  }
  const next = nextSteps(shown, versions, cloud);
  if (context.json) {
    context.printJson({ directory: shown, written, kept, add: Object.fromEntries(lines), next });
    return exitCodes.done;
  }
  for (const path of written) context.print(`wrote  ${join(shown, path)}`);
  for (const path of kept) context.print(`kept   ${join(shown, path)} (it was there already)`);
  for (const [path, line] of lines) context.print(`add    to ${join(shown, path)}: ${line}`);
  context.print('');
  context.print('Next (npm pack in a checkout of Weighbridge makes the .tgz):');
  for (const step of next) context.print(`  ${step}`);
  if (cloud)
    context.print(
      'Before the first deploy write account, region and a publisher into weighbridge.yaml: submit needs them.',
    );
  return exitCodes.done;
};

async function firstOf(folder: string, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths)
    if (
      await access(join(folder, path)).then(
        () => true,
        () => false,
      )
    )
      return path;
  return undefined;
}

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

function nextSteps(shown: string, versions: PackageVersions, cloud: boolean): string[] {
  return [
    ...(shown === '.' ? [] : [`cd ${/^[\w./-]+$/.test(shown) ? shown : `'${shown}'`}`]),
    installCommand(versions.weighbridge),
    'npx weighbridge validate manifests/example/0.1.0.yaml',
    ...(cloud
      ? ['npx cdk synth --quiet', 'npx cdk bootstrap', 'npx cdk deploy --all']
      : ['npx weighbridge stage manifests/example/0.1.0.yaml', 'npx weighbridge verify']),
  ];
}

async function ownVersions(): Promise<PackageVersions> {
  const { version, devDependencies } = (await ownFile('package.json')) as {
    readonly version: string;
    readonly devDependencies: Readonly<Record<'node' | 'aws-cdk' | 'aws-cdk-lib' | 'constructs', string>>;
  };
  const { context } = (await ownFile('cdk.json')) as { readonly context: Readonly<Record<string, unknown>> };
  return {
    weighbridge: version,
    node: devDependencies.node,
    cdk: {
      cli: devDependencies['aws-cdk'],
      library: devDependencies['aws-cdk-lib'],
      constructs: devDependencies.constructs,
      flags: context,
    },
  };
}

async function ownFile(name: string): Promise<unknown> {
  // Three folders up from lib/cli/commands in the checkout, one more from dist/lib/cli/commands in the package.
  const up = import.meta.url.endsWith('.ts') ? '../../..' : '../../../..';
  return JSON.parse(await readFile(new URL(`${up}/${name}`, import.meta.url), 'utf8'));
}
