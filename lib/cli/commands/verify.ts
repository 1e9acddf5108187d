import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import { Interrupted, WeighbridgeError } from '../../core/errors.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { parseReleaseRef } from '../../core/mirror/release-ref.ts';
import type { StoredChecksum } from '../../core/verify/compare-stored.ts';
import type { Finding, VerifyResult } from '../../core/verify/finding.ts';
import { unreachedReplica } from '../../core/verify/unreached-replica.ts';
import { verifyMirror } from '../../core/verify/verify-mirror.ts';
import { verifyReplica } from '../../core/verify/verify-replica.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { openMirror } from '../open-mirror.ts';
import { formatBytes, formatDuration } from '../progress/quantities.ts';

export const run: CommandRun = async (context, input) => {
  const releases = input.args.map(parseReleaseRef);
  const { clock, reporter, signal } = context;
  const primary = await openMirror(context, input.options.store, '--store');
  const request = { releases, quick: input.options.quick === true, clock, reporter, signal };
  const checksums = new Map<string, StoredChecksum>();
  const result = await verifyMirror({ ...request, reader: primary, checksums });
  const copies: VerifyResult[] = [];
  if (!context.json) show(context, result);
  let exit: ExitCode = result.ok ? exitCodes.done : exitCodes.failed;
  for (const url of replicas(input.options.replica)) {
    const reader = await openMirror(context, url, '--replica');
    const copy = await verifyReplica(primary, { ...request, reader }, checksums).catch((error: unknown) => {
      // What was read of the primary, for hours perhaps, is not lost because a replica is away.
      if (!(error instanceof WeighbridgeError) || error instanceof Interrupted) throw error;
      exit = worse(exit, error.exit);
      return unreachedReplica(url, request.quick, error);
    });
    if (!copy.ok) exit = worse(exit, exitCodes.failed);
    if (!context.json) show(context, copy);
    copies.push(copy);
  }
  if (context.json) context.printJson({ ...result, ok: exit === exitCodes.done, replicas: copies });
  return exit;
};

function worse(one: ExitCode, other: ExitCode): ExitCode {
  return one > other ? one : other;
}

function replicas(option: unknown): readonly string[] {
  return Array.isArray(option) ? option : [];
}

/** One line per finding, as the result; then what it comes to. */
function show(context: CommandContext, result: VerifyResult): void {
  for (const finding of result.findings) context.print(lineOf(finding));
  for (const note of result.notes) context.say(`note: ${escapeUnsafe(note)}`);
  context.print(`${result.store}: ${summary(result)}`);
}

function lineOf(finding: Finding): string {
  const where = finding.release === null ? finding.store : finding.release;
  return escapeUnsafe(`${finding.kind}  ${where}  ${finding.file}: ${finding.message}`);
}

/** What stored checksums say of a replica; a directory keeps none. */
function storedWords({ compared }: VerifyResult): string {
  if (compared === undefined) return '';
  const files = (count: number) => `${count} ${count === 1 ? 'file' : 'files'}`;
  const equal = compared.equal > 0 ? `${files(compared.equal)} equal to the primary by stored CRC32C; ` : '';
  const unknown = compared.unknown > 0 ? `${files(compared.unknown)} without a stored checksum in both stores; ` : '';
  return equal + unknown;
}

/** Says "verified" only of bytes that were hashed. */
function summary(result: VerifyResult): string {
  const { releases, findings, quick, bytesHashed, seconds } = result;
  const count = `${releases.length} ${releases.length === 1 ? 'release' : 'releases'}`;
  if (findings.length > 0) {
    if (releases.length === 0)
      return `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}; no release was looked at`;
    const invalid = releases.filter(({ state }) => state === 'invalid').length;
    return `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}; ${invalid} of ${count} not as published`;
  }
  if (quick) return `${count}: sizes and records agree; ${storedWords(result)}no content was read`;
  return `${count} verified, ${formatBytes(bytesHashed)} hashed in ${formatDuration(seconds)}`;
}
