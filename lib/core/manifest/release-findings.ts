import parseLicense from 'spdx-expression-parse';
import { secretParameter } from '../sources/signed-url.ts';
import { type LooseFields, textOf } from './manifest-document.ts';
import { collectionPattern } from './manifest-schema.ts';
import { metadataFindings } from './metadata-findings.ts';
import type { Finding } from './problem-list.ts';
import { collectionProblem, versionProblem } from './release-name.ts';
import { unsafeCharacter } from './unsafe-characters.ts';

/** What is wrong with the fields of the manifest itself, beyond their shape. */
export function releaseFindings(fields: LooseFields): Finding[] {
  const findings: Finding[] = [];
  const check = (field: string, problem: (text: string) => string | undefined) => {
    const text = textOf(fields[field]);
    const message = text === undefined ? undefined : problem(text);
    if (message !== undefined) findings.push({ path: [field], message });
  };
  check('collection', (text) => (collectionPattern.test(text) ? collectionProblem(text) : undefined));
  check('version', (text) =>
    text === '' ? undefined : versionProblem(text, fields.versioning === 'tag' ? 'tag' : 'semver'),
  );
  check('license', licenseProblem);
  check('homepage', homepageProblem);
  return [...findings, ...metadataFindings(fields.metadata, ['metadata'])];
}

function licenseProblem(text: string): string | undefined {
  try {
    parseLicense(text);
    return undefined;
  } catch {
    return 'not an SPDX licence expression, such as MIT, Apache-2.0 OR MIT, or LicenseRef-name for another licence';
  }
}

function homepageProblem(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https:\/\/[^/]/u.test(text)) return 'write an https:// URL';
  if (/\s/u.test(text) || unsafeCharacter(text) !== undefined)
    return 'a URL must not hold white space or hidden characters';
  if (url.username !== '' || url.password !== '') return 'a URL must not hold a user name or password';
  if (secretParameter(url.search.slice(1)) !== undefined)
    return 'a signed URL is a credential; write the URL without it';
  return undefined;
}
