import type { AccessPolicy } from '../access-policy.ts';
import type { Caller } from '../caller.ts';
import { collectionMayBeSeen, decide } from '../policy/decide.ts';
import type { UrlsRequest } from '../wire.ts';
import type { NamedRelease } from './access-route.ts';
import type { Place, Places } from './places.ts';
import { denied, missing, type ProvenRequest, type Ruled } from './ruling.ts';
import type { FileFacts, KnownRelease } from './store-records.ts';
import { visibleLatest } from './visible-releases.ts';

export interface Wish {
  readonly release: NamedRelease;
  /** Undefined: the release itself, which whoever may read some file of it may see. */
  readonly files: readonly string[] | undefined;
  readonly store: UrlsRequest['store'];
}

/** What was wished for, found and allowed. */
export interface Granted {
  readonly place: Place;
  readonly release: KnownRelease;
  /** As wished for. */
  readonly files: readonly FileFacts[];
  /** Names of the grants. */
  readonly rule: string;
  /** Seconds: the shortest of what the grants allow. */
  readonly maximumLifetime: number;
}

/**
 * The policy first, then the store: what is not granted is refused before anything is asked of a store, whether it
 * exists or not. Only `latest` of a collection that the caller may see needs the registry to be decided.
 */
export async function findGranted(
  { policy, caller }: ProvenRequest,
  wish: Wish,
  places: Places,
  use: (granted: Granted) => Promise<Ruled>,
): Promise<Ruled> {
  const { collection, version } = wish.release;
  if (version === 'latest' && !collectionMayBeSeen(policy, caller, collection)) {
    return denied('no grant for this collection', subjectOf(wish.release, wish.files?.[0]));
  }
  return await places.ask(wish.store, async (place) => {
    const exact =
      version === 'latest'
        ? await place.records.lookUp((registry) => visibleLatest(registry, policy, caller, collection))
        : version;
    if (exact === undefined) return missing('no version that latest could be', null, subjectOf(wish.release));
    const verdict = decideAll(policy, caller, { collection, version: exact }, wish.files);
    if ('denied' in verdict) return verdict.denied;
    const subject = { collection, version: exact };
    const release = await place.records.release(collection, exact);
    if (release === undefined) return missing('no such release', verdict.rule, subject);
    const files: FileFacts[] = [];
    for (const file of wish.files ?? []) {
      const facts = release.files.get(file);
      if (facts === undefined) return missing('no such file', verdict.rule, { ...subject, file });
      files.push(facts);
    }
    return await use({ place, release, files, ...verdict });
  });
}

type Verdict = { readonly denied: Ruled } | { readonly rule: string; readonly maximumLifetime: number };

function decideAll(
  policy: AccessPolicy,
  caller: Caller,
  release: NamedRelease,
  files: readonly string[] | undefined,
): Verdict {
  const rules = new Set<string>();
  let maximumLifetime = Infinity;
  for (const file of files ?? [undefined]) {
    const decision = decide(policy, caller, file === undefined ? release : { ...release, file });
    if (!decision.allowed) return { denied: denied(decision.reason, subjectOf(release, file)) };
    rules.add(decision.grant);
    maximumLifetime = Math.min(maximumLifetime, decision.maximumLifetime);
  }
  return { rule: [...rules].join(','), maximumLifetime };
}

function subjectOf({ collection, version }: NamedRelease, file?: string) {
  return { collection, version, ...(file === undefined ? {} : { file }) };
}
