import { parseSource } from '../sources/parse-source.ts';
import { secretParameter } from '../sources/signed-url.ts';
import type { ImportFinding } from './importer.ts';

/** What becomes of one address of the input. A placeholder is taken over and named: `stage` tells it from a failure. */
export interface TakenSource {
  /** Undefined when a manifest cannot have it. */
  readonly source: string | undefined;
  readonly finding: Pick<ImportFinding, 'kind' | 'message'> | undefined;
}

/**
 * Looks at an address of another system's file.
 * @param placeholders more placeholder texts, from the configuration
 */
export function takeSource(address: string, placeholders: readonly string[]): TakenSource {
  const secret = credentialIn(address);
  if (secret !== undefined) {
    const message = `the address is a credential (${secret}) and was left out`;
    return { source: undefined, finding: { kind: 'signed-url', message } };
  }
  const ref = parseSource(address, placeholders);
  if ('problem' in ref) {
    return { source: undefined, finding: { kind: 'not-taken', message: `no usable source: ${ref.problem}` } };
  }
  if (ref.scheme !== 'placeholder') return { source: address, finding: undefined };
  const message = `no usable source: nobody filled in ${JSON.stringify(ref.pattern.slice(0, 40))}`;
  return { source: address, finding: { kind: 'placeholder', message } };
}

/** What makes an address a credential, in words without its value; undefined when nothing does. */
export function credentialIn(address: string): string | undefined {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#\s]*@/u.test(address) && !/^(?:hf|github):/iu.test(address)) {
    return 'a user name or password';
  }
  const cut = address.search(/[?#]/u);
  const name = cut < 0 ? undefined : secretParameter(address.slice(cut + 1).replace(/[?#]/gu, '&'));
  return name === undefined ? undefined : `its parameter ${name.replace(/[^A-Za-z0-9_-]/gu, '?').slice(0, 40)}`;
}
