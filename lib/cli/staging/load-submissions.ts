import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AccessPolicy } from '../../core/access/access-policy.ts';
import { isPolicy } from '../../core/access/policy/is-policy.ts';
import { parsePolicy } from '../../core/access/policy/parse-policy.ts';
import { Sha256 } from '../../core/digest/sha256.ts';
import { InvalidFile, UsageError } from '../../core/errors.ts';
import type { CommandContext } from '../command-context.ts';
import { type LoadedManifest, loadManifests } from './load-manifest.ts';

/** An access policy that was read and found valid. */
export interface LoadedPolicy {
  /** As the user wrote it. */
  readonly file: string;
  /** Of the file's bytes. */
  readonly sha256: Sha256;
  readonly bytes: Uint8Array;
  readonly policy: AccessPolicy;
  /** What is not wrong but should be known, one line each. */
  readonly warnings: readonly string[];
}

export interface LoadedFiles {
  readonly manifests: readonly LoadedManifest[];
  readonly policy: LoadedPolicy | undefined;
}

/**
 * Reads manifests and an access policy, in any order; which is which the file says, not its name.
 * @throws UsageError when a file cannot be read, or several are policies; InvalidFile with every problem of every file.
 */
export async function loadSubmissions(context: CommandContext, files: readonly string[]): Promise<LoadedFiles> {
  const texts = await Promise.all(
    // What cannot be read is said by who reads manifests.
    files.map((file) => readFile(resolve(context.cwd, file)).catch(() => undefined)),
  );
  const policies = files.flatMap((file, at) => {
    const bytes = texts[at];
    return bytes !== undefined && isPolicy(bytes) ? [{ file, bytes }] : [];
  });
  const [first, second] = policies;
  if (first !== undefined && second !== undefined) {
    throw new UsageError(`${first.file} and ${second.file} are both access policies, and one alone can hold`, {
      hint: 'Submit one of them.',
    });
  }
  const others = files.filter((file) => file !== first?.file);
  const [policy, manifests] = await Promise.allSettled([
    Promise.resolve(first).then((found) => found && parse(found, context)),
    loadManifests(context, others),
  ]);
  if (policy.status === 'fulfilled' && manifests.status === 'fulfilled') {
    return { manifests: manifests.value, policy: policy.value };
  }
  throw bothOf(
    policy.status === 'rejected' ? policy.reason : undefined,
    manifests.status === 'rejected' ? manifests.reason : undefined,
  );
}

function parse(
  { file, bytes }: { readonly file: string; readonly bytes: Uint8Array },
  { configuration, clock }: CommandContext,
): LoadedPolicy {
  const { placeholders } = configuration;
  const { policy, problems } = parsePolicy(bytes, { file, configuration: { placeholders }, now: clock.now() });
  const warnings = problems.map(({ line, field, message }) => `${file}:${line}: ${field}: ${message}`);
  return { file, sha256: Sha256.ofBytes(bytes), bytes, policy, warnings };
}

/** All problems at once, where both are of that kind. */
function bothOf(one: unknown, other: unknown): unknown {
  if (!(one instanceof InvalidFile && other instanceof InvalidFile)) return other ?? one;
  return new InvalidFile(`${one.message}; ${other.message}`, [...one.problems, ...other.problems]);
}
