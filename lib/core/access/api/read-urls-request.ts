import { longestBody, type UrlsRequest, urlsRequestSchema } from '../wire.ts';
import type { RefusalKind } from './answers.ts';

export type ReadUrlsRequest = { readonly request: UrlsRequest } | { readonly refusal: RefusalKind };

/** The body of a request for URLs. Its bytes are counted as they come, whatever length was declared. */
export async function readUrlsRequest(request: Request): Promise<ReadUrlsRequest> {
  const coding = request.headers.get('content-encoding') ?? 'identity';
  if (!isJson(request.headers.get('content-type')) || coding !== 'identity') return { refusal: 'notJson' };
  const bytes = await readAll(request);
  if (bytes === 'tooLarge' || bytes === 'badBody') return { refusal: bytes };
  const value = parseFlatJson(bytes);
  const parsed = urlsRequestSchema.safeParse(value);
  if (!parsed.success) return { refusal: 'badBody' };
  const { files } = parsed.data;
  if (files !== undefined && new Set(files).size < files.length) return { refusal: 'badBody' };
  return { request: parsed.data };
}

function isJson(contentType: string | null): boolean {
  return /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(contentType ?? '');
}

async function readAll({ body }: Request): Promise<Uint8Array | 'tooLarge' | 'badBody'> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // Leaving the loop early cancels the rest.
    for await (const chunk of body ?? []) {
      size += chunk.length;
      if (size > longestBody) return 'tooLarge';
      chunks.push(chunk);
    }
  } catch {
    // It ended before its end, or took too long: the caller's doing, and no failure of the API.
    return 'badBody';
  }
  return Buffer.concat(chunks, size);
}

/** Strings, and the colons after those that name a field, of what is known to be JSON; between two lies nothing that could hide one. */
const marks = /"[^"\\]*(?:\\.[^"\\]*)*"|:/g;

/**
 * JSON in which no name stands twice: readers that differ in which of two counts would differ in what was allowed.
 * Depth needs no limit of its own, since Node parses without recursion and the schema knows lists of texts only.
 * Undefined for anything else.
 */
function parseFlatJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // First, and not only for its result: a string without an end is searched for anew from each of its quotes.
    const value: unknown = JSON.parse(text);
    const names = new Set<string>();
    let before = '';
    for (const [mark] of text.matchAll(marks)) {
      if (mark === ':' && before.startsWith('"')) {
        const name = JSON.parse(before) as string;
        if (names.has(name)) return undefined;
        names.add(name);
      }
      before = mark;
    }
    return value;
  } catch {
    return undefined;
  }
}
