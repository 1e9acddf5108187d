import type { ApiError } from '../wire.ts';

/** For every answer: it is one caller's, data, and nothing that a browser should act on or tell others about. */
const guards = {
  'cache-control': 'private, no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** All that a refusal ever says: nothing of the request comes back in it. */
const refusals = {
  unauthenticated: [401, 'Unauthenticated', 'a valid credential is needed'],
  notFound: [404, 'NotFound', 'there is nothing here, or nothing that this caller may see'],
  badQuery: [
    400,
    'BadRequest',
    'the query is not understood: redirect is 0 or 1, expiresIn a number of seconds, store one that this mirror has',
  ],
  badBody: [400, 'BadRequest', 'the body is not a request for URLs as the OpenAPI document of this API describes it'],
  notJson: [415, 'BadRequest', 'the body must be application/json without a content coding'],
  tooLarge: [413, 'TooLarge', 'the body is larger than 256 KiB: ask for fewer files at once'],
  methodNotAllowed: [405, 'MethodNotAllowed', 'the method is not allowed here'],
  unavailable: [503, 'Unavailable', 'this cannot be answered now: try again'],
} as const satisfies Record<string, readonly [number, ApiError['error']['code'], string]>;

export type RefusalKind = keyof typeof refusals;

/** What a caller is refused with; the same bytes and headers for every cause of one kind. */
export function refusal(kind: RefusalKind, headers: Readonly<Record<string, string>> = {}): Response {
  const [status, code, message] = refusals[kind];
  const more = {
    // Basic comes first: wget and others that read .netrc look no further.
    ...(kind === 'unauthenticated' && { 'www-authenticate': 'Basic realm="weighbridge", Bearer realm="weighbridge"' }),
    ...(kind === 'unavailable' && { 'retry-after': '5' }),
  };
  return jsonAnswer(status, { error: { code, message } } satisfies ApiError, { ...more, ...headers });
}

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return answer(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });
}

/** An answer with its length said, so that HEAD says what GET does. */
export function answer(
  status: number,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Response {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  return new Response(length === 0 ? null : body, {
    status,
    headers: { ...guards, 'content-length': String(length), ...headers },
  });
}

/** The caller has it already, as its condition says. */
export function notModified(etag: string): Response {
  return new Response(null, { status: 304, headers: { ...guards, etag } });
}
