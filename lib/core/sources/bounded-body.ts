import type { HttpResponse } from '../http/http-client.ts';
import { checkStart, pointerLimit } from './content-sniff.ts';
import type { SourceExpectation } from './expectation.ts';
import { SourceError } from './source.ts';

export interface BodyBounds {
  /** Bytes that must come, no more and no fewer; undefined where nobody knows. */
  readonly expected: number | undefined;
  readonly source: string;
  /** Set when the body is the beginning of the file: then its first bytes are looked at. */
  readonly expect: SourceExpectation | undefined;
}

/**
 * The bytes of a response, counted as they come: what a server declares is not trusted.
 * @throws SourceError `broken` (retryable) when the body is short, `wrong-size` when it is long, `wrong-content` when
 *   it begins like a web page or a Git LFS pointer; then nothing was yielded.
 */
export async function* boundedBody(
  response: Pick<HttpResponse, 'body'>,
  bounds: BodyBounds,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { expected, source, expect } = bounds;
  let held: Uint8Array[] | undefined = expect === undefined ? undefined : [];
  let count = 0;
  for await (const chunk of response.body) {
    count += chunk.byteLength;
    if (expected !== undefined && count > expected) {
      throw new SourceError('wrong-size', `${source} sent more than the ${expected} bytes asked for`, {
        evidence: { expected },
      });
    }
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held.push(chunk);
    if (count < pointerLimit) continue;
    yield* release(held, source, expect);
    held = undefined;
  }
  if (held !== undefined) yield* release(held, source, expect);
  if (expected !== undefined && count < expected) {
    throw new SourceError('broken', `${source} ended after ${count} of ${expected} bytes`, {
      retryable: true,
      evidence: { expected, actual: count },
    });
  }
}

function* release(
  held: readonly Uint8Array[],
  source: string,
  expect: SourceExpectation | undefined,
): Generator<Uint8Array> {
  if (expect !== undefined)
    checkStart(held.length === 1 ? (held[0] as Uint8Array) : Buffer.concat(held), source, expect);
  yield* held;
}
