import type { HttpClient } from './http-client.ts';

/**
 * A client that the first request makes: whoever finds all there asks nobody, and loads no library for it.
 * @param open called again where it failed
 */
export function httpWhenNeeded(open: () => Promise<HttpClient>): HttpClient {
  let opened: Promise<HttpClient> | undefined;
  const client = () => {
    const opening = opened ?? open();
    opened = opening;
    opening.catch(() => {
      opened = undefined;
    });
    return opening;
  };
  return {
    request: async (request) => await (await client()).request(request),
    async close() {
      await (await opened)?.close();
    },
  };
}
