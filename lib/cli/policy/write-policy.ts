import { UsageError } from '../../core/errors.ts';
import { replaceFile } from '../replace-file.ts';
import { createFile } from './create-file.ts';
import type { PolicyFile } from './policy-file.ts';

/**
 * Writes the new text of a policy as a whole, with the byte order mark that it had.
 * @throws UsageError, with nothing written, when somebody else wrote it meanwhile.
 */
export async function writePolicy({ file, path, before }: PolicyFile, text: string): Promise<void> {
  const mark = before?.subarray(0, 3).equals(Buffer.from('\ufeff')) === true ? '\ufeff' : '';
  const written = before === undefined ? await createFile(path, text) : await replaceFile(path, before, mark + text);
  if (!written) throw new UsageError(`${file} was edited meanwhile; nothing was written, run the command again`);
}
