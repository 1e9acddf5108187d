/** Which web pages may call the API from a browser. */
export interface CorsRules {
  /** Origins, exactly: `https://models.example.org`. */
  readonly origins: readonly string[];
}

const exposed = 'content-length, etag, repr-digest, x-weighbridge-expires-at';

/** What a page of one of the origins needs to see in an answer; the origin comes from the rules, not from the request. */
export function corsHeaders(rules: CorsRules | undefined, origin: string | undefined): Record<string, string> {
  if (rules === undefined) return {};
  const known = rules.origins.find((one) => one === origin);
  if (known === undefined) return { vary: 'origin' };
  return { vary: 'origin', 'access-control-allow-origin': known, 'access-control-expose-headers': exposed };
}

/** The answer to a browser that asks before it asks; undefined where it is no such question of a known origin. */
export function preflight(rules: CorsRules | undefined, request: Request): Response | undefined {
  const headers = corsHeaders(rules, request.headers.get('origin') ?? undefined);
  if (request.method !== 'OPTIONS' || headers['access-control-allow-origin'] === undefined) return undefined;
  if (!request.headers.has('access-control-request-method')) return undefined;
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
    },
  });
}
