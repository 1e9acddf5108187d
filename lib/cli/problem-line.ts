import type { Problem } from '../core/errors.ts';

/** `file:line:column: severity: field: message (found: value)`, which editors and CI systems turn into links. */
export function problemLine(problem: Problem): string {
  const field = problem.field === '' ? '' : `${problem.field}: `;
  const { file, line, column, severity, message, value } = problem;
  // A word or number may stand in the message by chance; what is as long as a name or URL does not.
  const said = value !== undefined && value.length > 8 && message.includes(value);
  const found = value === undefined || said ? '' : ` (found: ${value})`;
  return `${file}:${line}:${column}: ${severity}: ${field}${message}${found}`;
}
