import { addAbortSignal, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { UsageError } from '../../core/errors.ts';
import type { Manifest } from '../../core/manifest/manifest.ts';
import type { HttpsRef } from '../../core/sources/source-ref.ts';

/** URLs that are valid for this run only, by artifact id. */
export type SignedSources = ReadonlyMap<string, HttpsRef>;

/**
 * Reads what `--source ID=-` announces: one URL per line of stdin, in the order of the options. They may be
 * signed, so they are never printed; records say host and path.
 * @param signal ends the waiting for stdin.
 * @throws UsageError for an id that the manifests do not have, or for lines that are no https URLs.
 */
export async function readSignedSources(
  options: readonly string[],
  manifests: readonly Manifest[],
  input: Readable,
  signal: AbortSignal,
): Promise<SignedSources> {
  const ids = options.map((option) => idOf(option, manifests));
  if (ids.length === 0) return new Map();
  const lines = (await text(addAbortSignal(signal, input))).split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length !== ids.length) {
    throw new UsageError(`--source was given ${ids.length} times, and stdin has ${lines.length} lines`, {
      hint: 'Write one URL per line, in the order of the --source options.',
    });
  }
  return new Map(ids.map((id, index) => [id, toRef(id, (lines[index] as string).trim())]));
}

function idOf(option: string, manifests: readonly Manifest[]): string {
  const match = /^(.+)=-$/.exec(option);
  if (match === null) {
    throw new UsageError('--source takes ID=-: the URL is read from stdin, because arguments can be seen by others');
  }
  const id = match[1] as string;
  if (!manifests.some(({ artifacts }) => artifacts.some((spec) => spec.id === id))) {
    throw new UsageError(`--source ${id}=-: no artifact has the id ${id}`);
  }
  return id;
}

function toRef(id: string, line: string): HttpsRef {
  const url = URL.canParse(line) ? new URL(line) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new UsageError(`the line on stdin for ${id} is no http(s) URL`);
  }
  return { scheme: 'https', uri: `${url.origin}${url.pathname}`, url };
}
