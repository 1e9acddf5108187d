import type { HttpClient, HttpRequest, HttpResponse } from '../http/http-client.ts';
import { sourceErrorFor } from '../http/status-error.ts';
import { SourceError } from './source.ts';

/** No answer of an API that is asked here is nearly as long: bytes. */
const limit = 64 * 1024 * 1024;

export interface JsonAnswer {
  readonly value: unknown;
  readonly response: HttpResponse;
}

/**
 * Asks an API for JSON. Its shape is the caller's to check.
 * @param source how messages name what was asked for.
 * @throws SourceError for any other status than 200, and `broken` for what is no JSON.
 */
export async function requestJson(http: HttpClient, request: HttpRequest, source: string): Promise<JsonAnswer> {
  const response = await http.request({ ...request, headers: { accept: 'application/json', ...request.headers } });
  if (response.status !== 200) {
    await response.discard();
    throw sourceErrorFor(response, { source });
  }
  const text = await response.text(limit);
  try {
    return { value: JSON.parse(text), response };
  } catch (error) {
    throw new SourceError('broken', `${source}: ${response.url.host} answered with something that is no JSON`, {
      cause: error,
      retryable: true,
    });
  }
}
