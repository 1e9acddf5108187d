import { posix } from 'node:path';
import { UsageError } from '../errors.ts';
import { encodePath } from '../sources/percent-encoding.ts';
import { credentialIn } from './take-source.ts';

/** What a template may name of the file whose address it gives. */
export interface AddressedFile {
  /** Path of the file. */
  readonly file: string;
  readonly collection: string | undefined;
  readonly version: string | undefined;
}

/**
 * The address of a file by a template: `https://example.org/{version}/{file}`. `{file}` is its path, `{name}` the last
 * part of that; a template without either is the address of the folder that all lie in.
 * @param setting name of the setting that the template is from, for messages
 * @throws UsageError when it names something else, something unknown, or is a credential
 */
export function addressFromTemplate(template: string, file: AddressedFile, setting: string): string {
  const secret = credentialIn(template);
  if (secret !== undefined)
    throw new UsageError(`${setting} is a credential (${secret}); write the address without it`);
  const whole = /\{(?:file|name)\}/.test(template) ? template : `${template.replace(/\/+$/, '')}/{file}`;
  const values: Readonly<Record<string, string | undefined>> = {
    file: encodePath(file.file),
    name: encodePath(posix.basename(file.file)),
    collection: file.collection,
    version: file.version,
  };
  return whole.replace(/\{([a-z]+)\}/g, (written, name: string) => {
    if (!Object.hasOwn(values, name)) {
      throw new UsageError(`${setting}: ${written} is not known; {file}, {name}, {collection} and {version} are`);
    }
    const value = values[name];
    if (value === undefined) throw new UsageError(`${setting} names ${written}: give it with --name ${name}=…`);
    return value;
  });
}
