import type { RequestKind } from '../stores/store.ts';

/** A small document of working state and the tag that a later write must match. */
export interface StateDocument {
  readonly text: string;
  readonly tag: string;
}

export type StateCondition = { readonly ifAbsent: true } | { readonly ifMatch: string };

/**
 * Where checkpoints, leases and reports live between attempts: private, and safe to lose.
 * Names are `/`-separated and made by this program.
 */
export interface StateStore {
  /** As the user wrote it. */
  readonly location: string;
  /**
   * Do other machines work with it too? Then a folder's path alone names no store: two machines have each their
   * own `file:./mirror`.
   */
  readonly shared: boolean;
  /** Requests made so far, by kind, where they cost money. */
  readonly requests?: Readonly<Partial<Record<RequestKind, number>>>;
  /** The store's own clock, by which leases are judged. */
  now(): Promise<Date>;
  /** Undefined when there is no such document. */
  read(name: string): Promise<StateDocument | undefined>;
  /** The new tag, or undefined when the condition did not hold: somebody else wrote. */
  write(name: string, text: string, condition: StateCondition): Promise<string | undefined>;
  /** Removes it, whoever wrote it last; with `ifMatch` only that one. Missing is fine. False: the condition did not hold. */
  remove(name: string, ifMatch?: string): Promise<boolean>;
  /** Names below a prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
}
