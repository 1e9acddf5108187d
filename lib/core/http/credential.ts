/** A header that goes to exactly these origins and nowhere else. */
export interface Credential {
  /** Exact origins (`https://huggingface.co`). */
  readonly origins: readonly string[];
  /** Lower-case header names; values are secrets. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A Hugging Face token: to the Hub's API host, or the endpoint that replaces it; never to the CDN hosts that it
 * redirects to, whose URLs are signed.
 */
export function huggingFaceCredential(token: string, endpoint: URL = new URL('https://huggingface.co')): Credential {
  const origins = endpoint.origin === 'https://huggingface.co' ? [endpoint.origin, 'https://hf.co'] : [endpoint.origin];
  return { origins, headers: { authorization: `Bearer ${token}` } };
}

/** A GitHub token: to the API host (and, for the public one, github.com); never to the hosts that store assets. */
export function gitHubCredential(token: string, api: URL = new URL('https://api.github.com')): Credential {
  const origins = api.origin === 'https://api.github.com' ? [api.origin, 'https://github.com'] : [api.origin];
  return { origins, headers: { authorization: `Bearer ${token}` } };
}
