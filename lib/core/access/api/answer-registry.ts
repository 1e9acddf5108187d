import { Sha256 } from '../../digest/sha256.ts';
import { canonicalJson } from '../../registry/canonical-json.ts';
import { answer } from './answers.ts';
import { isPlainQuery } from './asked-options.ts';
import type { Places } from './places.ts';
import { allowed, denied, notUnderstood, type ProvenRequest, type Ruled } from './ruling.ts';
import { unlessKnown } from './unless-known.ts';
import { isGrantedAnything, visibleRegistry } from './visible-releases.ts';

/** The registry as the caller may know it. */
export async function answerRegistry(proven: ProvenRequest, places: Places): Promise<Ruled> {
  const { policy, caller, query, request } = proven;
  if (!isPlainQuery(query)) return notUnderstood('badQuery');
  if (!isGrantedAnything(policy, caller)) return denied('no grant for this caller');
  return await places.ask(undefined, async ({ records }) => {
    const body = canonicalJson(visibleRegistry(await records.registry(), policy, caller));
    const sha256 = Sha256.ofBytes(body);
    const etag = `"${sha256.hex}"`;
    const headers = { etag, 'content-type': 'application/json', 'repr-digest': sha256.reprDigest };
    const response = unlessKnown(request, etag, () => answer(200, body, headers));
    return allowed(response, { rule: null, reason: 'what is granted' });
  });
}
