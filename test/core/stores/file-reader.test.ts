import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFileRange } from '../../../lib/core/stores/file-reader.ts';
import { generateBytes } from '../../upstream/generate-bytes.ts';

const bytes = generateBytes('file', 3_000_000);
const range = { start: 5, end: 2_999_999 };
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-reader-'));
  path = join(folder, 'file');
  await writeFile(path, bytes);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a range of a file', () => {
  it('comes in two pieces of memory in turn to a reader who keeps none', async () => {
    const memory: unknown[] = [];
    const seen: Buffer[] = [];
    for await (const piece of readFileRange(await open(path), range, 'a/1/file', { transient: true })) {
      memory.push(piece.buffer);
      seen.push(Buffer.from(piece));
    }
    expect(Buffer.concat(seen).equals(bytes.subarray(range.start, range.end))).toBe(true);
    expect(new Set(memory).size).toBe(2);
    expect(memory.every((each, index) => index === 0 || each !== memory[index - 1])).toBe(true);
  });

  it('comes in memory of its own for each piece to others', async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of readFileRange(await open(path), range, 'a/1/file')) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(bytes.subarray(range.start, range.end))).toBe(true);
  });
});
