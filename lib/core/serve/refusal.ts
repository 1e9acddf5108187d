/** For every answer: what is served is data, whatever a browser would like to make of it. */
export const guards = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
};

/** An answer that is one line of text, and kept nowhere. */
export function refusal(
  status: 400 | 403 | 404 | 405 | 412 | 416 | 503,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { ...guards, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
  });
}
