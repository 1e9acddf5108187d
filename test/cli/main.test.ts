import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommandContext, CommandInput } from '../../lib/cli/command-context.ts';
import { declarations } from '../../lib/cli/declarations.ts';
import { exitCodes } from '../../lib/contract/exit-codes.ts';
import { InvalidFile, Refused } from '../../lib/core/errors.ts';
import { commandOf, runMain } from './run-main.ts';

describe('the command line', () => {
  it('lists exactly the commands there are, with examples, exit codes and the environment', async () => {
    const { code, stdout, stderr } = await runMain(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const listed = [...(stdout.split('Commands:')[1]?.split('Words:')[0] ?? '').matchAll(/^ {2}(\w+)/gm)];
    expect(listed.map((match) => match[1])).toEqual(
      'init new import validate lock plan stage publish ls verify pull url serve access token submit status doctor cost'.split(
        ' ',
      ),
    );
    for (const word of ['Examples:', 'Exit codes:', 'HF_TOKEN', 'WEIGHBRIDGE_CACHE']) expect(stdout).toContain(word);
  });

  it.each(declarations.map(({ name }) => name))('%s explains itself, and its module loads', async (name) => {
    const { code, stdout } = await runMain([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: weighbridge ${name}`);
    expect(stdout).toContain(`$ weighbridge ${name}`);
    expect(stdout).toContain('--json');
    const declaration = declarations.find((one) => one.name === name);
    expect((await declaration?.load())?.run).toBeTypeOf('function');
    expect((await runMain(['help', name])).stdout).toBe(stdout);
  });

  it('prints its version', async () => {
    expect((await runMain(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  });

  it('shows help that fits 100 columns and says of every option what it does', async () => {
    for (const command of [[], ...declarations.map(({ name }) => [name])]) {
      const { code, stdout } = await runMain([...command, '--help']);
      expect(code).toBe(0);
      expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
      expect(stdout.split('\n').filter((line) => /^ {2}-[^ ]*(?: <[^>]*>)?$/.test(line.trimEnd()))).toEqual([]);
    }
  });

  it('says where help is and exits 2 when no command is given', async () => {
    const { code, stdout, stderr } = await runMain([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('weighbridge: no command given\n  See weighbridge --help.\n');
  });

  it.each([
    [['stag'], "unknown command 'stag'", 'Did you mean stage?'],
    [['stage', 'm.yaml', '--too', 'x'], "unknown option '--too'", 'Did you mean --to?'],
    [['stage'], "missing required argument 'manifests'", 'See weighbridge --help.'],
    [['serve', 'extra'], "too many arguments for 'serve'", 'See weighbridge --help.'],
    [['serve', '--port', 'http'], 'Expected a port', 'See weighbridge --help.'],
    [['ls', '--progress', 'loud'], 'Allowed choices are auto, plain, json, none', 'See weighbridge --help.'],
    [['ls', '--trust-origin', 'x'], 'Expected an origin', 'See weighbridge --help.'],
  ])('%j is wrong usage, with a hint', async (argv, message, hint) => {
    const { code, stdout, stderr } = await runMain(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    const json = await runMain([...argv, '--json']);
    expect([json.code, json.stderr]).toEqual([2, '']);
    expect(JSON.parse(json.stdout).error).toMatchObject({ code: 'UsageError', hint });
  });

  it('takes global options before and after the name of the command', async () => {
    const seen: [CommandContext, CommandInput][] = [];
    const commands = commandOf(async (...call) => {
      seen.push(call);
      return exitCodes.done;
    });
    const origin = ['--trust-origin', 'http://127.0.0.1:8081'];
    await runMain(['--json', ...origin, 'try', 'a', '--to', 'x', 'b'], { commands });
    await runMain(['try', 'a', '--to', 'x', 'b', '--json', ...origin], { commands });
    for (const [context, input] of seen) {
      expect(context.json).toBe(true);
      expect(context.configuration.trustedOrigins).toEqual(['http://127.0.0.1:8081']);
      expect(input).toEqual({ args: ['a', 'b'], options: { to: 'x' } });
    }
    expect(seen).toHaveLength(2);
  });

  it('passes results to stdout, everything else to stderr, and the exit code on', async () => {
    const commands = commandOf(async (context) => {
      context.print('result');
      context.say('remark');
      return exitCodes.skipped;
    });
    expect(await runMain(['try'], { commands })).toMatchObject({ code: 6, stdout: 'result\n', stderr: 'remark\n' });
  });
});

describe('a failure', () => {
  it('is one JSON document with --json, with evidence, and its own exit code', async () => {
    const commands = commandOf(async () => {
      throw new Refused('released-content', 'a@1.0.0 is released with other content', {
        hint: 'Take a new version.',
        evidence: { file: 'weights.bin', expected: undefined },
      });
    });
    const { code, stdout, stderr } = await runMain(['try', '--json'], { commands });
    expect([code, stderr]).toEqual([3, '']);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'Refused',
        message: 'a@1.0.0 is released with other content',
        hint: 'Take a new version.',
        evidence: { file: 'weights.bin' },
      },
    });
  });

  it('lists every problem of a file the way compilers do', async () => {
    const commands = commandOf(async () => {
      throw new InvalidFile('m.yaml has 1 problem', [
        {
          file: 'm.yaml',
          line: 3,
          column: 7,
          field: 'version',
          value: '1',
          message: 'write it as text',
          severity: 'error',
        },
      ]);
    });
    const { code, stderr } = await runMain(['try'], { commands });
    expect(code).toBe(2);
    expect(stderr).toBe('m.yaml:3:7: error: version: write it as text (found: 1)\nweighbridge: m.yaml has 1 problem\n');
  });

  it('that nobody foresaw is one line, its stack is for DEBUG, and neither shows a secret', async () => {
    const commands = commandOf(async () => {
      throw new TypeError('hf_secret at https://u:pw@host.example/x?sig=abc is not a function');
    });
    const variables = { HF_TOKEN: 'hf_secret' };
    const plain = await runMain(['try'], { commands, variables });
    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain('unexpected error: *** at https://host.example/x?… is not a function');
    expect(plain.stderr).not.toContain('main.test.ts');
    const debug = await runMain(['try'], { commands, variables: { ...variables, DEBUG: 'weighbridge' } });
    expect(debug.stderr).toContain('main.test.ts');
    for (const secret of ['hf_secret', 'pw@', 'sig=abc']) expect(debug.stderr).not.toContain(secret);
  });

  it('of the file system says what and where', async () => {
    const commands = commandOf(async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', path: 'mirror/x' });
    });
    const { stderr } = await runMain(['try'], { commands });
    expect(stderr).toContain('weighbridge: no space left: mirror/x\n');
    expect(stderr).toContain('it continues where it stopped');
  });

  it('of the environment or of --config comes before the command runs', async () => {
    const commands = commandOf(async () => expect.unreachable());
    const environment = await runMain(['try', '--json'], { commands, variables: { HF_ENDPOINT: 'nonsense' } });
    expect([environment.code, JSON.parse(environment.stdout).error.message]).toEqual([
      2,
      'HF_ENDPOINT is not the base of an http(s) URL',
    ]);
    const config = await runMain(['try', '--config', 'no-such.yaml'], { commands });
    expect(config.code).toBe(2);
    expect(config.stderr).toContain('cannot read the configuration file no-such.yaml');
  });
});

describe('Ctrl-C', () => {
  it('aborts the work, says how to go on, and exits 130 whatever the work then throws', async () => {
    const signals = new EventEmitter();
    const commands = commandOf(async (context) => {
      signals.emit('SIGINT');
      signals.emit('SIGINT'); // the same key press, sent by a parent process as well
      context.signal.throwIfAborted();
      return exitCodes.done;
    });
    const { code, stderr, left } = await runMain(['try'], { commands, signals });
    expect(code).toBe(130);
    expect(left).toEqual([]);
    expect(stderr).toContain('Run the same command again');
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });

  it('a second time ends the process at once', async () => {
    const signals = new EventEmitter();
    const commands = commandOf(async (context) => {
      signals.emit('SIGINT');
      await context.clock.sleep(0.35);
      signals.emit('SIGINT');
      return exitCodes.failed;
    });
    const { code, left } = await runMain(['try'], { commands, signals });
    expect([code, left]).toEqual([130, [130]]);
  });
});

it('a configuration beside the command is read', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'weighbridge-main-'));
  try {
    await writeFile(join(cwd, 'weighbridge.yaml'), 'stores:\n  public: file:./elsewhere\nconcurrency: 3\n');
    const commands = commandOf(async (context) => {
      context.print(`${context.configuration.stores.public.primary} ${context.configuration.concurrency}`);
      return exitCodes.done;
    });
    expect((await runMain(['try'], { commands, cwd })).stdout).toBe('file:./elsewhere 3\n');
  } finally {
    await rm(cwd, { recursive: true });
  }
});
