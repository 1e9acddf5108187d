import type { Problem } from '../errors.ts';
import { withoutCredentials } from '../sources/signed-url.ts';
import { type FieldPath, formatFieldPath } from './field-path.ts';
import { escapeUnsafe } from './unsafe-characters.ts';
import type { YamlText } from './yaml-text.ts';

/** What a check found: at which field, or at the name of that field (`key`) where the field should not be. */
export interface Finding {
  readonly path: FieldPath;
  /** May depend on the value as written: `1.10` is not the number 1.1. */
  readonly message: string | ((written: string) => string);
  readonly severity?: Problem['severity'];
  readonly at?: 'value' | 'key';
  /** The value may be a secret that was put there by mistake: it is not shown. */
  readonly secret?: boolean;
  /** Where the path alone does not say: the second of two equal keys. */
  readonly offset?: number | undefined;
}

/** Places findings in the text: line, column and the value as written, fit to be printed. In the order of the text. */
export function placeFindings(findings: readonly Finding[], source: YamlText): Problem[] {
  const placed = findings.map((finding) => {
    const { path, at = 'value' } = finding;
    const spot =
      finding.offset === undefined ? source.locate(path, at) : { offset: finding.offset, written: undefined };
    return { offset: spot.offset, problem: problemOf(finding, spot.offset, spot.written, source) };
  });
  return placed.sort((a, b) => a.offset - b.offset).map(({ problem }) => problem);
}

function problemOf(finding: Finding, offset: number, written: string | undefined, source: YamlText): Problem {
  const shown = written !== undefined && written !== '' && finding.secret !== true;
  const value = shown ? shownValue(written) : undefined;
  return {
    file: source.file,
    ...source.position(offset),
    field: formatFieldPath(finding.path),
    ...(value === undefined ? {} : { value }),
    message: typeof finding.message === 'string' ? finding.message : finding.message(value ?? ''),
    severity: finding.severity ?? 'error',
  };
}

/** A value for people: at most 80 characters, hidden characters spelled out, credentials cut out. */
export function shownValue(written: string): string {
  const safe = escapeUnsafe(withoutCredentials(written));
  return safe.length <= 80 ? safe : `${safe.slice(0, 79)}…`;
}
