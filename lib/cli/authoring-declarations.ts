import type { CommandDeclaration } from './declarations.ts';
import { importDetail } from './importing/import-help.ts';
import { collect, parseAccess, parseCount } from './option-values.ts';

/** The commands that write and complete manifests. */
export const authoringDeclarations: readonly CommandDeclaration[] = [
  {
    name: 'init',
    summary: 'start a repository of manifests',
    detail:
      'Writes an example manifest, weighbridge.yaml, package.json, a CI file and a README. Files that exist are left ' +
      'alone. With --cloud also an app of the CDK, which deploys the mirror and its pipeline.',
    examples: ['weighbridge init', 'weighbridge init my-models', 'weighbridge init my-models --cloud'],
    declare: (command) =>
      command
        .argument('[dir]', 'folder to fill (default: this one)')
        .option('--cloud', 'with cdk.json and an app that deploys what weighbridge.yaml says'),
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'new',
    summary: 'write a manifest',
    detail:
      'Makes a manifest from files and folders, from an hf:// repository at a revision or a folder of it, or from the ' +
      "last version's manifest, keeping its ids and clearing its digests. Then `lock` it.",
    examples: [
      'weighbridge new my-model@1.0.0 ./weights',
      'weighbridge new my-model@1.0.0 "weights/**/*.safetensors" weights/config.json',
      'weighbridge new my-model@1.0.0 "hf://owner/repo@main"',
      'weighbridge new my-model@1.1.0 --from manifests/my-model/1.0.0.yaml',
    ],
    declare: (command) =>
      command
        .argument('<release>', 'COLLECTION@VERSION')
        .argument('[inputs...]', 'files, folders, globs or sources')
        .option('--from <manifest>', "last version's manifest")
        .option(
          '-o, --output <file>',
          'manifest to write (default: manifests/COLLECTION/VERSION.yaml, or beside the files)',
        )
        .option('--access <class>', 'public or private (default: public, or as --from says)', parseAccess)
        .option('--license <spdx>', 'SPDX expression, such as Apache-2.0'),
    load: () => import('./commands/new.ts'),
  },
  {
    name: 'import',
    summary: "make a manifest of another system's files",
    detail: importDetail,
    examples: [
      'weighbridge import sha256sums SHA256SUMS --name collection=my-model --name version=1.0.0',
      'weighbridge import github-release github://owner/repo@v1.2.0',
      'weighbridge import directory weights -o my-model.yaml --name collection=my-model \\\n' +
        '      --name version=1.0.0 --name "base-url=https://example.org/{version}/{file}"',
    ],
    declare: (command) =>
      command
        .argument('<kind>', 'format of the input')
        .argument('<input>', 'file, folder or address')
        .option(
          '-o, --output <manifest>',
          'manifest to write or complete, or a folder for several (default: manifests/COLLECTION/VERSION.yaml, or ' +
            'beside the input where the files themselves lie there)',
        )
        .option(
          '--name <setting=value>',
          'a setting of the kind (repeatable)',
          collect((value) => value),
        ),
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'validate',
    summary: 'check manifests and access policies without any network',
    detail:
      'Reports every problem of every file at once, with line and column. A file that begins with weighbridgeAccess ' +
      'is an access policy, whatever its name.',
    examples: [
      'weighbridge validate manifests/my-model/1.0.0.yaml',
      'weighbridge validate manifests/*/*.yaml manifests/access.yaml',
    ],
    declare: (command) => command.argument('<files...>', 'manifests and access policies'),
    load: () => import('./commands/validate.ts'),
  },
  {
    name: 'lock',
    summary: 'pin sources and fill in sizes and digests',
    detail:
      'Completes manifests in place, keeping comments and order. A digest that is there is checked, never replaced. ' +
      'Downloads only where upstream publishes no strong digest.',
    examples: ['weighbridge lock manifests/my-model/1.0.0.yaml', 'weighbridge lock --check manifests/*/*.yaml'],
    declare: (command) =>
      command
        .argument('<manifests...>', 'manifest files')
        .option('--check', 'write nothing; exit 1 if anything would change')
        .option(
          '--concurrency <n>',
          'artifacts at the same time (default: as in weighbridge.yaml, else 8)',
          parseCount,
        ),
    load: () => import('./commands/lock.ts'),
  },
];
