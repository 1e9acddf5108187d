/** What came of one replica so far; a report can be made from it at any moment. */
export interface ReplicaProgress {
  /** Artifacts that this run copied into it, and their bytes. */
  artifacts: number;
  bytes: number;
  readonly failed: { readonly file: string; readonly reason: string }[];
  readonly notes: string[];
  /** Is the release readable from the replica? */
  published: boolean;
  /** Was it listed there before this run? */
  listedBefore: boolean;
}

export function newReplicaProgress(): ReplicaProgress {
  return { artifacts: 0, bytes: 0, failed: [], notes: [], published: false, listedBefore: false };
}
