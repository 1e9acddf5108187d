import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type ParsedPolicy, parsePolicy } from '../../core/access/policy/parse-policy.ts';
import { UsageError } from '../../core/errors.ts';
import type { CommandContext } from '../command-context.ts';
import { consumerAccounts } from './consumer-accounts.ts';

export const policyFileName = 'manifests/access.yaml';

/** An access policy on this machine. */
export interface PolicyFile {
  /** As the user wrote it, or relative to the working folder: for messages. */
  readonly file: string;
  readonly path: string;
  /** Undefined where there is no such file. */
  readonly before: Buffer | undefined;
}

/**
 * Reads the policy that `--policy` names, or the one beside weighbridge.yaml.
 * @throws UsageError when it is there and cannot be read.
 */
export async function readPolicyFile(context: CommandContext, named: unknown): Promise<PolicyFile> {
  const { configuration, cwd } = context;
  const beside = configuration.file === undefined ? cwd : dirname(resolve(cwd, configuration.file));
  const path = typeof named === 'string' ? resolve(cwd, named) : join(beside, policyFileName);
  const file = typeof named === 'string' ? named : relative(cwd, path);
  try {
    return { file, path, before: await readFile(path) };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { file, path, before: undefined };
    throw new UsageError(`${file} cannot be read: ${code ?? 'unknown error'}`, { cause });
  }
}

/** @throws UsageError where there is none; InvalidFile */
export function parsePolicyFile(context: CommandContext, { file, before }: PolicyFile): ParsedPolicy {
  if (before === undefined) {
    const hint = 'Name another with --policy, or begin one with `weighbridge token new NAME`.';
    throw new UsageError(`there is no access policy ${file}`, { hint });
  }
  return checkPolicy(context, file, before);
}

/** @throws InvalidFile */
export function checkPolicy(context: CommandContext, file: string, input: string | Uint8Array): ParsedPolicy {
  const { placeholders } = context.configuration;
  const configuration = { placeholders, consumerAccounts: consumerAccounts(context) };
  return parsePolicy(input, { file, configuration, now: context.clock.now() });
}
