import { constants } from 'node:fs';
import { appendFile, lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMissing } from './file-errors.ts';
import { removeIfThere } from './scratch-files.ts';
import type { PartReceipt } from './store.ts';

const idPattern = /^[0-9A-HJKMNP-TV-Z]{26}$/;

const headerSchema = z.object({
  format: z.literal(1),
  key: z.string(),
  size: z.number().int().nonnegative(),
  partSize: z.number().int().positive(),
  startedAt: z.iso.datetime(),
});

const lineSchema = z.union([
  z.object({ part: z.number().int().positive(), size: z.number(), crc32c: z.string() }),
  /** Host and boot of a process that wrote from here on. */
  z.object({ host: z.string() }),
]);

/** What the journal's first line says about an upload. */
export type UploadHeader = z.infer<typeof headerSchema>;

export interface UploadRecord {
  readonly header: UploadHeader;
  /** By number; a part that was written again counts as it was last. */
  readonly parts: ReadonlyMap<number, PartReceipt>;
  /** The machines and boots that wrote; data of another one may not have reached the disk. */
  readonly hosts: ReadonlySet<string>;
}

/**
 * The files of one unfinished upload, in the store's own folder: `{id}.data` holds the bytes at their final
 * offsets, `{id}.journal` one JSON line of the header and then one for each part written, `{id}.lock` is
 * locked while a process works on it.
 */
export class UploadFiles {
  readonly id: string;
  readonly data: string;
  readonly journal: string;
  readonly lock: string;

  constructor(folder: string, id: string) {
    this.id = id;
    this.data = join(folder, `${id}.data`);
    this.journal = join(folder, `${id}.journal`);
    this.lock = join(folder, `${id}.lock`);
  }

  /** Undefined unless `id` is one that this program makes: it becomes part of a path. */
  static parse(folder: string, id: string): UploadFiles | undefined {
    return idPattern.test(id) ? new UploadFiles(folder, id) : undefined;
  }

  /** Every upload of which any file is there, oldest first. */
  static async all(folder: string): Promise<readonly UploadFiles[]> {
    try {
      const ids = (await readdir(folder)).map((name) => name.replace(/\.(data|journal|lock)$/, ''));
      return [...new Set(ids)].sort().flatMap((id) => UploadFiles.parse(folder, id) ?? []);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** What the journal says; undefined if there is none, or its header was cut off by a crash. */
  async record(): Promise<UploadRecord | undefined> {
    let text: string;
    try {
      text = await readFile(this.journal, 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    const [first, ...rest] = text.split('\n').map(parseLine);
    const header = headerSchema.safeParse(first);
    if (!header.success) return undefined;
    const parts = new Map<number, PartReceipt>();
    const hosts = new Set<string>();
    for (const line of rest) {
      // A line that was cut off by a crash says nothing: the part is written again.
      const entry = lineSchema.safeParse(line).data;
      if (entry === undefined) continue;
      if ('host' in entry) hosts.add(entry.host);
      else parts.set(entry.part, { number: entry.part, size: entry.size, crc32c: entry.crc32c });
    }
    return { header: header.data, parts, hosts };
  }

  /** Adds a line to the journal. A journal that is gone is not made again: the upload was aborted. */
  async append(entry: z.infer<typeof lineSchema>): Promise<void> {
    // The line break in front ends a line that a crash cut off.
    await appendFile(this.journal, `\n${JSON.stringify(entry)}`, { flag: constants.O_WRONLY | constants.O_APPEND });
  }

  /**
   * `open`: the data file is there in its full size. `published`: it is also under its final name, so it
   * must not be written again. `broken`: it is missing or of another size.
   */
  async state(size: number): Promise<'open' | 'published' | 'broken'> {
    try {
      const stat = await lstat(this.data);
      if (!stat.isFile() || stat.size !== size) return 'broken';
      return stat.nlink > 1 ? 'published' : 'open';
    } catch (error) {
      if (isMissing(error)) return 'broken';
      throw error;
    }
  }

  /**
   * The data goes first: without it nobody can continue. The journal goes last, because a journal without
   * data tells the next sweep what a crash in between left, and a lone lock may be an upload that is just being begun.
   */
  async remove(): Promise<void> {
    await removeIfThere(this.data);
    await removeIfThere(this.lock);
    await removeIfThere(this.journal);
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
