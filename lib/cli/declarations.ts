import type { Command } from 'commander';
import { accessDeclarations } from './access-declarations.ts';
import { authoringDeclarations } from './authoring-declarations.ts';
import { cloudDeclarations } from './cloud/cloud-declarations.ts';
import type { CommandRun } from './command-context.ts';
import {
  collect,
  parseAccess,
  parseBaseUrl,
  parseBytes,
  parseCount,
  parsePort,
  parseSeconds,
} from './option-values.ts';

/** What the shell knows about a command before it loads it. */
export interface CommandDeclaration {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** More lines for the command's own help. */
  readonly detail: string;
  readonly examples: readonly string[];
  /** Adds arguments and options. Values of the wrong shape end the program before the command is loaded. */
  declare(command: Command): Command;
  load(): Promise<{ readonly run: CommandRun }>;
}

const text = (value: string): string => value;

/** What `--from` and `--store` of commands that read are. */
const readFrom =
  'store, or https:// address of a mirror (default: the public store of weighbridge.yaml, else file:./mirror)';

/** The same where private releases are read too. */
const readFromApi =
  'store, https:// address of a mirror, or of an access API, which ends in /v1 or /iam/v1 ' +
  '(default: WEIGHBRIDGE_API, else the public store of weighbridge.yaml, else file:./mirror)';

function stores(command: Command): Command {
  return command
    .option('--to <store>', 'store (default: what weighbridge.yaml says, else file:./mirror or file:./mirror-private)')
    .option(
      '--replica <store>',
      'store that receives the same afterwards (repeatable; default: those of weighbridge.yaml, unless --to names another store)',
      collect(text),
    );
}

function partSize(command: Command): Command {
  return command.option(
    '--part-size <size>',
    'part of large uploads to s3:// and gs://, such as 64MiB (default: 16MiB; more where 10,000 parts would not do). ' +
      'An object of up to four parts is hashed faster, and begins anew after a crash. A folder takes no notice',
    parseBytes,
  );
}

function staging(command: Command): Command {
  return partSize(stores(command))
    .option(
      '--state <location>',
      'where checkpoints and reports are kept: a folder, s3://bucket/prefix or gs://bucket/prefix (default: as in weighbridge.yaml, else .weighbridge)',
    )
    .option('--report <file>', 'also write the report to this file')
    .option('--concurrency <n>', 'artifacts at the same time (default: as in weighbridge.yaml, else 8)', parseCount)
    .option('--timeout <time>', 'stop after this time, such as 30m, and keep the checkpoints', parseSeconds)
    .option('--attempts <n>', 'tries per source (default: 5)', parseCount)
    .option('--max-bytes <n>', 'refuse to begin when more would have to be fetched, such as 50GiB', parseBytes);
}

export const declarations: readonly CommandDeclaration[] = [
  ...authoringDeclarations,
  {
    name: 'plan',
    summary: 'say what stage would do',
    detail: 'Asks stores and upstreams, fetches no content and writes nothing.',
    examples: [
      'weighbridge plan manifests/my-model/1.0.0.yaml --to file:./mirror',
      'weighbridge plan manifests/my-model/1.0.0.yaml --cloud --env prod --json',
    ],
    declare: (command) =>
      partSize(stores(command.argument('<manifests...>', 'manifest files')))
        .option('--cloud', 'what the pipeline in the cloud would do, seen without tokens and with the right to list')
        .option('--env <name>', 'with --cloud: one of environments: in weighbridge.yaml (default: its own sections)')
        .option('--markdown', 'print a summary for a comment on a pull request')
        .option('--hide-private', 'with --markdown: no names of private releases, for what everybody can read'),
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'stage',
    summary: 'fetch, prove and publish releases',
    detail:
      'Brings the bytes of each manifest into the store, proves them, and publishes the release.\n' +
      'Run it again after an interruption: it continues from its checkpoints.',
    examples: [
      'weighbridge stage manifests/my-model/1.0.0.yaml',
      'weighbridge stage manifests/my-model/1.0.0.yaml --to file:/srv/mirror --json',
      'weighbridge stage manifests/my-model/1.0.0.yaml --to file:/srv/mirror --replica file:/mnt/copy',
      'pass show signed-url | weighbridge stage m.yaml --source weights=-',
    ],
    declare: (command) =>
      staging(command.argument('<manifests...>', 'manifest files')).option(
        '--source <id=->',
        'read a (signed) URL for this artifact from stdin; it is used once and not recorded',
        collect(text),
      ),
    load: () => import('./commands/stage.ts'),
  },
  {
    name: 'publish',
    summary: 'new, lock, stage and verify in one',
    detail: 'For a file or folder of weights that are on this machine: they become a published release.',
    examples: ['weighbridge publish ./weights my-model@1.0.0'],
    declare: (command) =>
      staging(command.argument('<path>', 'file or folder').argument('<release>', 'COLLECTION@VERSION')).option(
        '--access <class>',
        'public or private (default: public)',
        parseAccess,
      ),
    load: () => import('./commands/publish.ts'),
  },
  {
    name: 'ls',
    summary: 'list releases, or the files of one',
    detail: 'Reads the registry of a store or of a published mirror.',
    examples: ['weighbridge ls', 'weighbridge ls my-model@1.0.0 --from https://models.example.org'],
    declare: (command) =>
      command
        .argument('[release]', 'COLLECTION[@VERSION] to list the files of (default: list all releases)')
        .option('--from <store>', readFromApi),
    load: () => import('./commands/ls.ts'),
  },
  {
    name: 'verify',
    summary: 're-read a mirror and prove it again',
    detail:
      'Names what is damaged, missing or does not belong there; changes nothing. With --quick only sizes and stored ' +
      'checksums are compared.',
    examples: [
      'weighbridge verify',
      'weighbridge verify my-model@1.0.0 --store file:./mirror --quick',
      'weighbridge verify --store s3://acme-models --replica gs://acme-models --quick',
    ],
    declare: (command) =>
      command
        .argument('[releases...]', 'COLLECTION[@VERSION] (default: all)')
        .option('--store <store>', readFrom)
        .option('--replica <store>', 'store that must hold the same (repeatable)', collect(text))
        .option('--quick', 'compare sizes and stored checksums, read no content'),
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'pull',
    summary: 'bring a release to this machine',
    detail:
      'Resumes, proves every byte, and replaces a file only by one that is proven. Without --into files go to the ' +
      'cache and their paths are printed, one a line.',
    examples: [
      'weighbridge pull my-model --into ./weights',
      'weighbridge pull my-model@1.0.0 tokenizer.json --from https://models.example.org',
      'weighbridge pull my-model --into ./weights --check',
      'weighbridge pull my-model --into ./weights --from https://weights.example.org/v1',
    ],
    declare: (command) =>
      command
        .argument('<release>', 'COLLECTION[@VERSION]; the latest version when it is left out')
        .argument('[files...]', 'ids or files (default: all)')
        .option('--from <store>', readFromApi)
        .option('--into <dir>', 'folder to write to (default: the cache)')
        .option('--check', 'change nothing; say missing, pointer, size, digest or valid per file')
        .option('--force', 'fetch files again that are right already')
        .option('--offline', 'use no network; fail unless everything is here')
        .option('--timeout <time>', 'stop after this time, such as 30m; a later pull continues', parseSeconds),
    load: () => import('./commands/pull.ts'),
  },
  {
    name: 'url',
    summary: 'print signed URLs of private files',
    detail:
      'One URL a line, in the order of the files, for programs that know nothing of Weighbridge. Each is a credential ' +
      'while it lives: it gives that one file to whoever has it. From an access API, or from a bucket, where your own ' +
      'credentials sign.',
    examples: [
      'weighbridge url my-model@1.0.0 tokenizer.json --from https://weights.example.org/v1',
      'weighbridge url my-model --from s3://acme-private --expires 5m --json',
    ],
    declare: (command) =>
      command
        .argument('<release>', 'COLLECTION[@VERSION]; the latest version when it is left out')
        .argument('[files...]', 'ids or files (default: all)')
        .option(
          '--from <store>',
          'access API, which ends in /v1 or /iam/v1, or bucket (default: WEIGHBRIDGE_API, else the private store of weighbridge.yaml)',
        )
        .option('--expires <time>', 'how long they should live; they may get less (default: 15m)', parseSeconds),
    load: () => import('./commands/url.ts'),
  },
  {
    name: 'serve',
    summary: 'serve a store over HTTP',
    detail:
      'A static server with ranges and digests, read only, until Ctrl-C. With --private-store also the access API, ' +
      'below /v1: it gives private releases out to whom the policy grants them, by URLs that are signed and end. Those ' +
      'of a folder end with the server too.',
    examples: [
      'weighbridge serve',
      'weighbridge serve --store file:/srv/mirror --port 8080',
      'weighbridge serve --private-store file:./mirror-private',
    ],
    declare: (command) =>
      command
        .option('--store <store>', 'store to serve (default: the public one of weighbridge.yaml, else file:./mirror)')
        .option('--private-store <store>', 'store whose private releases the access API gives out')
        .option(
          '--policy <file>',
          'access policy, read again when it changes (default: manifests/access.yaml beside weighbridge.yaml)',
        )
        .option('--audit-log <file>', 'also append each decision to this file, as a line of JSON')
        .option(
          '--base-url <url>',
          'address of this server that signed URLs begin with: another host name than the one by which clients ask the ' +
            'API, since they drop their token only for another host (default: localhost, for 127.0.0.1)',
          parseBaseUrl,
        )
        .option('--host <address>', 'address to listen on', '127.0.0.1')
        .option('--port <n>', 'port to listen on; 0 for any free one', parsePort, 8040),
    load: () => import('./commands/serve.ts'),
  },
  ...accessDeclarations,
  ...cloudDeclarations,
];
