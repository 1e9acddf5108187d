import type { Proof, ProofCheck } from './proof.ts';

export type CheckState = 'ok' | 'failed' | 'skipped';

export interface CheckResult {
  readonly name: string;
  readonly state: CheckState;
  readonly said: string;
}

export interface RunOptions {
  /** Leaves out, by name, what cannot hold on an emulator. */
  readonly emulator: boolean;
  /** Ends it before the next check. */
  readonly stopped: () => boolean;
  readonly onResult: (result: CheckResult) => void;
}

/** Runs checks one after the other; one that needs another that did not hold is skipped. */
export async function runChecks(
  proof: Proof,
  checks: readonly ProofCheck[],
  { emulator, stopped, onResult }: RunOptions,
): Promise<readonly CheckResult[]> {
  const results = new Map<string, CheckResult>();
  for (const check of checks) {
    const missing = check.needs?.find((name) => results.get(name)?.state !== 'ok');
    const why = stopped()
      ? 'interrupted'
      : missing !== undefined
        ? `needs ${missing}`
        : emulator && check.notOnEmulator !== undefined
          ? `on an emulator: ${check.notOnEmulator}`
          : check.skip?.(proof);
    const result = why === undefined ? await resultOf(proof, check) : skipped(check, why);
    results.set(check.name, result);
    onResult(result);
  }
  return [...results.values()];
}

function skipped({ name }: ProofCheck, said: string): CheckResult {
  return { name, state: 'skipped', said };
}

async function resultOf(proof: Proof, { name, run }: ProofCheck): Promise<CheckResult> {
  try {
    return { name, state: 'ok', said: await run(proof) };
  } catch (error) {
    return { name, state: 'failed', said: (error as Error).message };
  }
}
