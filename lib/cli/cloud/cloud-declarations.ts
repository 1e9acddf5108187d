import type { Command } from 'commander';
import type { CommandDeclaration } from '../declarations.ts';
import { parseCount, parseSeconds } from '../option-values.ts';

function deployment(command: Command): Command {
  return command.option('--env <name>', 'one of environments: in weighbridge.yaml (default: its own sections)');
}

function following(command: Command): Command {
  return deployment(command)
    .option('--publisher <name>', 'one of publishers: (default: the only one, or that of this repository)')
    .option('--wait', 'show the run until it has ended; its exit code is that of stage')
    .option('--report <file>', 'also write the report to this file')
    .option('--timeout <time>', 'stop after this time, such as 2h; the run in the cloud goes on', parseSeconds)
    .option(
      '--state <location>',
      'where checkpoints of uploads and submitted runs are kept (default: as in weighbridge.yaml, else .weighbridge)',
    );
}

/** Commands about what `cdk deploy` made. */
export const cloudDeclarations: readonly CommandDeclaration[] = [
  {
    name: 'submit',
    summary: 'hand manifests, or the access policy, to the pipeline in the cloud',
    detail:
      'Checks what can be checked here, sends the files that `file:` sources name, then the manifests, which starts a ' +
      'run each. Submitting again after a failure continues that run. An access policy goes before them, and needs a ' +
      'publisher with `policy: true`.',
    examples: [
      'weighbridge submit manifests/my-model/1.0.0.yaml --wait',
      'weighbridge submit manifests/my-model/1.0.0.yaml --env prod --publisher models',
      'weighbridge submit manifests/access.yaml --wait',
    ],
    declare: (command) =>
      following(command.argument('<manifests...>', 'manifest files, and at most one access policy'))
        .option('--summary <file>', 'with --wait: write the reports as Markdown behind what is in this file')
        .option('--hide-private', 'say of private releases how they ended, and no names, also on the terminal'),
    load: () => import('../commands/submit.ts'),
  },
  {
    name: 'status',
    summary: 'show a run in the cloud',
    detail:
      'The report of the latest attempt, or how far it is: then the exit code is 5, and otherwise that of the report.',
    examples: [
      'weighbridge status 1f0c6a2be0b54c3d8a35d8d4f1f0a9b7',
      'weighbridge status 1f0c6a2be0b54c3d8a35d8d4f1f0a9b7 --env prod --wait',
    ],
    declare: (command) => following(command.argument('<run>', 'RUN or RUN/ATTEMPT, as submit prints them')),
    load: () => import('../commands/status.ts'),
  },
  {
    name: 'doctor',
    summary: 'look whether a deployment has what it needs',
    detail:
      'Configuration, credentials, buckets and sources, as seen from here; and what owners of other accounts must ' +
      'allow. Changes nothing; the exit code is 1 where something is wrong.',
    examples: ['weighbridge doctor --env prod'],
    declare: deployment,
    load: () => import('../commands/doctor.ts'),
  },
  {
    name: 'cost',
    summary: 'estimate what a release, or an idle deployment, costs in the cloud',
    detail:
      'Prices staging a manifest, a month of serving it and a year of such releases, by the price table of this ' +
      'version, and prints what it assumes. Without a manifest: the month in which nothing happens. Asks nobody.',
    examples: [
      'weighbridge cost my-model-1.0.0.yaml',
      'weighbridge cost my-model-1.0.0.yaml --downloads 2000',
      'weighbridge cost',
    ],
    declare: (command) =>
      deployment(command.argument('[manifests...]', 'manifest files'))
        .option('--downloads <n>', 'whole downloads of the release in a month (default: 100)', parseCount)
        .option('--releases-per-month <n>', 'releases of this size that come in a month (default: 1)', parseCount),
    load: () => import('../commands/cost.ts'),
  },
];
