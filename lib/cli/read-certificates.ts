import { readFile } from 'node:fs/promises';
import { UsageError } from '../core/errors.ts';
import type { CertificateFile } from './variables.ts';

/** The text of a PEM file. @throws UsageError naming the variable whose file cannot be read or holds no certificate. */
export async function readCertificates({ variable, path }: CertificateFile): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`cannot read the file that ${variable} names`, {
      cause,
      hint: `Correct or unset ${variable}.`,
    });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----') || text.includes('-----BEGIN TRUSTED CERTIFICATE-----')) return text;
  throw new UsageError(`the file that ${variable} names holds no PEM certificate`, {
    hint: `Correct or unset ${variable}.`,
  });
}
