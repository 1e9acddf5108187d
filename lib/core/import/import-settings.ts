import { UsageError } from '../errors.ts';
import { closestWord } from '../manifest/did-you-mean.ts';
import type { Importer, ImportSetting } from './importer.ts';

/** What every importer takes, and the program does with what it read. */
export const commonSettings: readonly ImportSetting[] = [
  { name: 'collection', summary: 'collection of the manifest', required: false },
  { name: 'version', summary: 'version of the manifest', required: false },
  { name: 'access', summary: 'public (default) or private', required: false },
  { name: 'license', summary: 'SPDX expression', required: false },
  {
    name: 'source-base',
    summary: 'address that artifacts without a source have theirs from: a folder, or a template with {file}',
    required: false,
  },
];

/**
 * Settings as the command line gives them, each `name=value`, by name.
 * @throws UsageError that names everything that is wrong: unknown, given twice, missing.
 */
export function readSettings(importer: Importer, written: readonly string[]): ReadonlyMap<string, string> {
  const known = [...importer.settings, ...commonSettings];
  const names = known.map(({ name }) => name);
  const settings = new Map<string, string>();
  const problems: string[] = [];
  for (const text of written) {
    const cut = text.indexOf('=');
    const name = cut < 0 ? text : text.slice(0, cut);
    const value = text.slice(cut + 1).trim();
    const shown = JSON.stringify(name.slice(0, 60));
    if (!names.includes(name)) problems.push(`${shown} is no setting of ${importer.kind}${similar(name, names)}`);
    else if (cut < 0 || value === '') problems.push(`${shown} has no value; write ${name}=VALUE`);
    else if (settings.has(name)) problems.push(`${shown} is given twice`);
    else settings.set(name, value);
  }
  for (const { name, summary, required } of importer.settings) {
    if (required && !settings.has(name)) problems.push(`${name} is missing: ${summary}`);
  }
  if (problems.length > 0) {
    throw new UsageError(problems.join('; '), { hint: `${importer.kind} knows --name ${names.join('=…, ')}=….` });
  }
  return settings;
}

function similar(name: string, names: readonly string[]): string {
  const word = closestWord(name, names);
  return word === undefined ? '' : `; did you mean ${word}?`;
}
