import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from '../contract/exit-codes.ts';
import { type Evidence, InvalidFile, type Problem, UsageError, WeighbridgeError } from '../core/errors.ts';
import { hideUrlSecrets } from '../core/scrub.ts';
import { problemLine } from './problem-line.ts';

/** The JSON document of a failure. */
export interface ErrorDocument {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly evidence?: Evidence;
    readonly problems?: readonly Problem[];
  };
}

/** Makes of anything that was thrown an error that has an exit code and can be shown. */
export function asWeighbridgeError(thrown: unknown): WeighbridgeError {
  if (thrown instanceof WeighbridgeError) return thrown;
  if (thrown instanceof CommanderError) return usageErrorOf(thrown);
  return new Unexpected(describeUnexpected(thrown), {
    cause: thrown,
    hint: hintOf(thrown) ?? 'This is not meant to happen. DEBUG=weighbridge shows where it came from.',
  });
}

/** Something that the program did not foresee. */
export class Unexpected extends WeighbridgeError {
  override readonly name = 'Unexpected';
}

export function exitCodeOf(error: WeighbridgeError): ExitCode {
  return error.exit ?? exitCodes.failed;
}

export function errorDocument(error: WeighbridgeError): ErrorDocument {
  const evidence = Object.fromEntries(Object.entries(error.evidence).filter(([, value]) => value !== undefined));
  return {
    error: {
      code: error.name,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(Object.keys(evidence).length === 0 ? {} : { evidence }),
      ...(error instanceof InvalidFile ? { problems: error.problems } : {}),
    },
  };
}

/** The same for people: what happened, what is wrong where, what to do. */
export function errorLines(error: WeighbridgeError): readonly string[] {
  const problems = error instanceof InvalidFile ? error.problems.map(problemLine) : [];
  return [...problems, `weighbridge: ${error.message}`, ...(error.hint === undefined ? [] : [`  ${error.hint}`])];
}

function usageErrorOf(error: CommanderError): UsageError {
  const help = 'See weighbridge --help.';
  if (error.code === 'commander.help') return new UsageError('no command given', { cause: error, hint: help });
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const hint = suggestion === undefined ? help : suggestion.replace(/^\((.*)\)$/, '$1');
  return new UsageError(message, { cause: error, hint });
}

const systemFaults: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOENT: ['no such file or folder', 'Check the path.'],
  EACCES: ['no permission', 'Check who owns it and what its mode is.'],
  EPERM: ['not permitted', 'Check who owns it and what its mode is.'],
  EROFS: ['the file system is read-only', 'Choose another folder.'],
  ENOSPC: ['no space left', 'Free some space and run the command again: it continues where it stopped.'],
  EDQUOT: ['the disk quota is used up', 'Free some space and run the command again: it continues where it stopped.'],
  EISDIR: ['a folder, where a file is expected', 'Check the path.'],
  ENOTDIR: ['not a folder', 'Check the path.'],
  EMFILE: ['too many open files', 'Raise the limit (ulimit -n), or lower --concurrency.'],
  EADDRINUSE: ['the address is in use', 'Choose another --port, or 0 for any free one.'],
};

function faultOf(thrown: unknown): readonly [string, string] | undefined {
  return systemFaults[String((thrown as NodeJS.ErrnoException | undefined)?.code)];
}

function describeUnexpected(thrown: unknown): string {
  const fault = faultOf(thrown);
  const { path } = (thrown ?? {}) as NodeJS.ErrnoException;
  if (fault !== undefined) return path === undefined ? fault[0] : `${fault[0]}: ${path}`;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return `unexpected error: ${hideUrlSecrets(message.split('\n')[0] ?? '')}`;
}

function hintOf(thrown: unknown): string | undefined {
  return faultOf(thrown)?.[1];
}
