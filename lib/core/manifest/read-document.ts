import { InvalidFile } from '../errors.ts';
import { plainValue } from './plain-value.ts';
import { type Finding, placeFindings } from './problem-list.ts';
import { readRegularYaml } from './regular-yaml.ts';
import type { YamlText } from './yaml-text.ts';

/**
 * The value of a file, and what plain data cannot be.
 * @throws InvalidFile with every syntax error.
 */
export function readDocument(source: YamlText): { readonly value: unknown; readonly findings: Finding[] } {
  const regular = readRegularYaml(source.text);
  return regular === undefined ? plainValue(source.document) : { value: regular, findings: [] };
}

/** The error of a file: everything found, warnings included, in the order of the text. */
export function invalidDocument(source: YamlText, findings: readonly Finding[]): InvalidFile {
  const problems = placeFindings(findings, source);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return new InvalidFile(`${source.file} has ${errors === 1 ? 'an error' : `${errors} errors`}`, problems);
}
