import type { Sha256 } from '../digest/sha256.ts';

/** What one side says about an artifact's bytes. */
export interface Statement {
  /** Who says so, as a message names it. */
  readonly by: string;
  readonly sha256: Sha256 | undefined;
  /** Bytes. */
  readonly size: number | undefined;
}

export interface Disagreement {
  readonly field: 'sha256' | 'size';
  /** Every side with its value. */
  readonly message: string;
}

/** Nobody's word counts more than another's: any two different values are a disagreement. */
export function disagreements(statements: readonly Statement[]): Disagreement[] {
  const found: Disagreement[] = [];
  for (const field of ['sha256', 'size'] as const) {
    const said = statements.flatMap(({ by, [field]: value }) =>
      value === undefined ? [] : [{ by, value: `${value}` }],
    );
    if (new Set(said.map(({ value }) => value)).size < 2) continue;
    const each = said.map(({ by, value }) => `${by} says ${value}`).join('; ');
    found.push({ field, message: `${field === 'size' ? 'sizes' : 'digests'} disagree: ${each}` });
  }
  return found;
}
