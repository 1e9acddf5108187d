import type { ServerResponse } from 'node:http';
import { pick } from './object-resource.ts';

/** What the server says to one request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A resource or listing, reduced to the `fields` that the query names. */
export function jsonAnswer(value: unknown, query: URLSearchParams): Answer {
  const body = Buffer.from(JSON.stringify(pick(value, query.get('fields'))));
  return { status: 200, headers: { 'content-type': 'application/json; charset=UTF-8' }, body };
}

export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

/** @param cut Only half of the body that is declared arrives before the connection ends. */
export function sendAnswer({ status, headers, body }: Answer, response: ServerResponse, cut: boolean): void {
  const length = headers['transfer-encoding'] === undefined ? { 'content-length': body.length } : {};
  response.writeHead(status, { ...headers, ...(status === 204 ? {} : length) });
  if (cut) response.write(body.subarray(0, body.length >> 1), () => response.socket?.destroy());
  else response.end(body);
}
