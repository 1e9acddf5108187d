import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import type { CommandContext } from '../command-context.ts';

/** Fields of an access policy that no manifest has, at the beginning of a line. */
const policyField = /^(?:grants|principals|issuers)\s*:/m;
const manifestField = /^(?:collection|artifacts)\s*:/m;

/** @throws UsageError for a file that is an access policy: there is nothing yet that would heed it. */
export async function refusePolicies(context: CommandContext, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const text = await readFile(resolve(context.cwd, file), 'utf8').catch(() => '');
    const named = /^access\.ya?ml$/.test(basename(file));
    if (manifestField.test(text) || !(named || policyField.test(text))) continue;
    throw new UsageError(`${file} is an access policy, and this version submits manifests alone`, {
      hint: 'Leave it out: who may read private releases is said in weighbridge.yaml, under cloud.private.readers.',
    });
  }
}
