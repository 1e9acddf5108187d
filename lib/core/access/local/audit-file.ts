import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { AuditUnavailable } from '../../errors.ts';
import type { AuditLog } from '../access-ports.ts';
import { auditLine } from '../api/audit-line.ts';

/** An audit log that can be ended. */
export interface AuditFile extends AuditLog {
  /** Everything that was recorded is in the file when it resolves. */
  close(): Promise<void>;
}

/**
 * Appends each decision to a file as a line of JSON. A new file is for its owner to read.
 * @param path absolute
 * @param onTrouble told once when the file can be written no longer; from then on `record` throws AuditUnavailable
 * @throws the error of the system when the file cannot be opened
 */
export async function openAuditFile(path: string, onTrouble: (error: Error) => void): Promise<AuditFile> {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  await once(stream, 'open');
  stream.on('error', onTrouble);
  return {
    record(decision) {
      if (!stream.writable) throw new AuditUnavailable('the audit log cannot be written');
      stream.write(`${auditLine(decision)}\n`);
    },
    async close() {
      if (stream.closed) return;
      const closed = once(stream, 'close');
      stream.end();
      await closed;
    },
  };
}
