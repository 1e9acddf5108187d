import type { Clock } from '../../clock.ts';
import { decide } from '../policy/decide.ts';
import { mostUrls, type UrlsAnswer } from '../wire.ts';
import { isNameable, namedRelease } from './access-route.ts';
import { jsonAnswer } from './answers.ts';
import { isPlainQuery } from './asked-options.ts';
import { findGranted, type Granted } from './find-granted.ts';
import type { Places } from './places.ts';
import { readUrlsRequest } from './read-urls-request.ts';
import { allowed, denied, notUnderstood, type ProvenRequest, type Ruled } from './ruling.ts';
import { signFiles } from './sign-files.ts';
import type { FileFacts } from './store-records.ts';

/** Many files at once: all that are named, or none. */
export async function answerUrls(proven: ProvenRequest, places: Places, clock: Clock): Promise<Ruled> {
  if (!isPlainQuery(proven.query)) return notUnderstood('badQuery');
  const read = await readUrlsRequest(proven.request);
  if ('refusal' in read) return notUnderstood(read.refusal);
  const { collection, version, files, expiresIn, store } = read.request;
  if (!places.has(store)) return notUnderstood('badBody');
  const release = namedRelease(collection, version);
  if (release === undefined || !(files ?? []).every(isNameable)) return denied('no release could have this name');
  return await findGranted(proven, { release, files, store }, places, async (granted) => {
    const chosen = files === undefined ? readable(proven, granted) : chosenOf(granted.files, granted);
    const { urls, lifetime } = await signFiles({ ...granted, ...chosen }, chosen.files, expiresIn, clock);
    const answer: UrlsAnswer = {
      collection,
      version: granted.release.version,
      store: granted.place.kind,
      urls: [...urls],
      truncated: chosen.truncated,
    };
    return allowed(jsonAnswer(200, answer), {
      collection,
      version: granted.release.version,
      files: urls.length,
      names: urls.map(({ file }) => file),
      lifetime,
      rule: chosen.rule,
      reason: 'signed',
    });
  });
}

interface Chosen extends Pick<Granted, 'rule' | 'maximumLifetime'> {
  readonly files: readonly FileFacts[];
  readonly truncated: boolean;
}

function chosenOf(files: readonly FileFacts[], { rule, maximumLifetime }: Granted): Chosen {
  return { files, rule, maximumLifetime, truncated: false };
}

/** All files of the release that the caller may read, as many as one call signs. */
function readable({ policy, caller }: ProvenRequest, { release, rule, maximumLifetime }: Granted): Chosen {
  const files: FileFacts[] = [];
  const rules = new Set<string>();
  let lifetime = maximumLifetime;
  for (const facts of release.files.values()) {
    const { collection, version } = release;
    const decision = decide(policy, caller, { collection, version, file: facts.file });
    if (!decision.allowed) continue;
    if (files.length === mostUrls)
      return { files, rule: [...rules].join(','), maximumLifetime: lifetime, truncated: true };
    files.push(facts);
    rules.add(decision.grant);
    lifetime = Math.min(lifetime, decision.maximumLifetime);
  }
  return { files, rule: rules.size === 0 ? rule : [...rules].join(','), maximumLifetime: lifetime, truncated: false };
}
