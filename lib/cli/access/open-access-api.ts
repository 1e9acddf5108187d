import { AccessApi, accessApiBase } from '../../core/access/client/access-api.ts';
import { mayBeAccessApi } from '../../core/access/client/may-be-access-api.ts';
import { probeAccessApi } from '../../core/access/client/probe-access-api.ts';
import { NotFound } from '../../core/errors.ts';
import { defaultRetryPolicy, retry } from '../../core/retry.ts';
import type { CommandContext } from '../command-context.ts';
import { chooseCredentials } from './choose-credentials.ts';

/**
 * The access API at an address, if one is there.
 * @param url as typed, or of `WEIGHBRIDGE_API`
 * @returns undefined for a plain mirror, also one whose address ends like an API's
 * @throws NotAuthorised without a credential for it; NotFound where `WEIGHBRIDGE_API` names something else;
 * MirrorError, SourceError where nobody answers
 */
export async function openAccessApi(context: CommandContext, url: string): Promise<AccessApi | undefined> {
  const isNamed = url === context.environment.access.api;
  if (!mayBeAccessApi(url) && !isNamed) return undefined;
  const base = accessApiBase(url);
  const http = await context.http(base.origin);
  const { clock, signal, configuration } = context;
  if (!(await retry(() => probeAccessApi(url, http, signal, clock), defaultRetryPolicy, { clock, signal }))) {
    if (!isNamed) return undefined;
    throw new NotFound(`no access API answers at ${url}`, { hint: 'Correct or unset WEIGHBRIDGE_API.' });
  }
  const credentials = await chooseCredentials(context, base);
  return new AccessApi(url, { http, credentials, clock, trustedOrigins: configuration.trustedOrigins });
}
