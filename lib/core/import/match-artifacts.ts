import type { DraftArtifact } from '../author/manifest-draft.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';

export interface MatchedArtifacts {
  readonly pairs: readonly { readonly draft: DraftArtifact; readonly index: number; readonly spec: ArtifactSpec }[];
  /** Artifacts that the manifest does not have. */
  readonly added: readonly DraftArtifact[];
  /** Artifacts that the input does not have. */
  readonly gone: readonly ArtifactSpec[];
}

type Names = (artifact: DraftArtifact | ArtifactSpec) => readonly string[];

/** From the surest to the least: a hand may have given another id, or another file, but seldom both. */
const levels: readonly Names[] = [
  ({ id, file }) => [`${id}\n${file}`],
  ({ file }) => [file],
  ({ id }) => [id],
  ({ id, aliases = [] }) => [id, ...aliases],
];

/** Which artifact of a manifest is which of the input, each at most once. */
export function matchArtifacts(drafts: readonly DraftArtifact[], existing: readonly ArtifactSpec[]): MatchedArtifacts {
  const matches = new Map<DraftArtifact, number>();
  const used = new Set<number>();
  for (const names of levels) {
    const open = new Map<string, number>();
    for (const [index, spec] of existing.entries()) {
      if (!used.has(index)) for (const name of names(spec)) if (!open.has(name)) open.set(name, index);
    }
    for (const draft of drafts) {
      if (matches.has(draft)) continue;
      const index = names(draft)
        .map((name) => open.get(name))
        .find((at) => at !== undefined && !used.has(at));
      if (index === undefined) continue;
      matches.set(draft, index);
      used.add(index);
    }
  }
  const pairs = drafts.flatMap((draft) => {
    const index = matches.get(draft);
    const spec = index === undefined ? undefined : existing[index];
    return index === undefined || spec === undefined ? [] : [{ draft, index, spec }];
  });
  return {
    pairs,
    added: drafts.filter((draft) => !matches.has(draft)),
    gone: existing.filter((_, index) => !used.has(index)),
  };
}
