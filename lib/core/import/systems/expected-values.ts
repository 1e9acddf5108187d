import { digestProblem } from '../../manifest/digest-problem.ts';
import { isPlaceholderDigest } from '../../manifest/placeholders.ts';
import type { FindingList } from './finding-list.ts';

/** Where an expectation of the input stands: its entry, its field. */
export interface Place {
  readonly subject: string;
  readonly field: string;
}

/**
 * A SHA-256 of the input as lowercase hex. One that is absent, not filled in or of another shape is a finding.
 * @param placeholders more placeholder texts, from the configuration
 */
export function expectedSha256(
  value: unknown,
  { subject, field }: Place,
  placeholders: readonly string[],
  findings: FindingList,
): string | undefined {
  if (value === undefined || value === null || value === '') {
    findings.add('missing-digest', subject, field, 'no SHA-256 is given; `weighbridge lock` obtains one');
    return undefined;
  }
  const text = typeof value === 'string' ? value.trim().replace(/^sha-?256[:=]\s*/iu, '') : String(value);
  const problem = digestProblem(text, placeholders);
  if (problem === undefined) return text.toLowerCase();
  findings.add(isPlaceholderDigest(text, placeholders) ? 'placeholder' : 'missing-digest', subject, field, problem);
  return undefined;
}

/** A number of bytes; undefined, with a finding unless nothing is there, for anything that is none. */
export function expectedSize(value: unknown, { subject, field }: Place, findings: FindingList): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const size = typeof value === 'string' && /^\d{1,16}$/u.test(value.trim()) ? Number(value) : value;
  if (typeof size === 'number' && Number.isSafeInteger(size) && size > 0) return size;
  findings.add('missing-size', subject, field, 'not a number of bytes; `weighbridge lock` obtains the size');
  return undefined;
}
