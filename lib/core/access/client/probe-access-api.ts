import { type Clock, systemClock } from '../../clock.ts';
import type { HttpClient } from '../../http/http-client.ts';
import { waitFor } from '../../http/rate-limit.ts';
import { MirrorError } from '../../mirror/mirror-errors.ts';
import { healthSchema } from '../wire.ts';
import { accessApiBase } from './access-api.ts';

/** Bytes of an answer that can be the API's. */
const longest = 4096;

/**
 * Is an access API there, or a plain mirror whose address happens to end like one? Asked without any credential, and
 * by the way that needs none: below `/iam/v1` the gateway would refuse the question itself.
 * @throws MirrorError, SourceError where that cannot be learnt just now
 */
export async function probeAccessApi(
  url: string,
  http: HttpClient,
  signal?: AbortSignal,
  clock: Clock = systemClock,
): Promise<boolean> {
  const base = accessApiBase(url);
  base.pathname = base.pathname.replace(/\/iam\/v1\/$/, '/v1/');
  const response = await http.request({
    method: 'GET',
    url: new URL('healthz', base),
    credentials: false,
    followRedirects: false,
    ...(signal && { signal }),
  });
  const { status } = response;
  if (status === 429 || status >= 500) {
    const text = await response.text(longest).catch(() => '');
    if (isHealth(text)) return true;
    const wait = waitFor(response, clock.now());
    throw new MirrorError(`${url} answered HTTP ${status}`, {
      retryable: status !== 501,
      evidence: { status },
      ...(wait !== undefined && { retryAfter: wait }),
    });
  }
  if (status !== 200) {
    await response.discard();
    return false;
  }
  return isHealth(await response.text(longest).catch(() => ''));
}

function isHealth(text: string): boolean {
  try {
    return healthSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
