import type { AccessDecision } from './access/access-ports.ts';
import type { SourceOutcome } from './sources/source.ts';
import type { ArtifactState, ReleaseState } from './stage/report.ts';

/**
 * Everything the core has to say while it works: a closed union, so that a new event is a compile error
 * in every renderer. Amounts are bytes, times are seconds.
 */
export type CoreEvent =
  /** Work on one release begins. */
  | {
      readonly type: 'run-started';
      readonly job: 'stage' | 'pull' | 'verify' | 'lock' | 'send';
      readonly release: string;
      readonly artifacts: number;
      /** The store or mirror that is read again; `verify` only. */
      readonly store?: string;
    }
  /** A step of the run: words for people. */
  | {
      readonly type: 'phase';
      readonly phase: 'survey' | 'preflight' | 'transfer' | 'publish' | 'replicate' | 'verify';
      /** The replica that is being completed; what follows is about it. */
      readonly store?: string;
    }
  /** How much there is to do, once known. */
  | { readonly type: 'planned'; readonly artifacts: number; readonly bytes: number }
  | {
      readonly type: 'artifact-started';
      readonly id: string;
      readonly bytes: number | undefined;
      readonly source: string | undefined;
    }
  /** `done` counts from the start of the artifact; after a resume it starts above zero, after a restart it falls. */
  | { readonly type: 'progress'; readonly id: string; readonly done: number; readonly total: number | undefined }
  /** Where a run on other machines stands, all of it: these figures take the place of all before. */
  | {
      readonly type: 'standing';
      readonly finished: number;
      readonly failed: number;
      /** Of what is to be moved, those of artifacts under way included. */
      readonly bytes: number;
      readonly active: readonly { readonly id: string; readonly done: number; readonly total: number | undefined }[];
    }
  | {
      readonly type: 'attempt';
      readonly id: string;
      readonly source: string;
      readonly outcome: SourceOutcome;
      readonly reason: string;
    }
  | { readonly type: 'retry'; readonly id: string; readonly reason: string; readonly inSeconds: number }
  | {
      readonly type: 'artifact-finished';
      readonly id: string;
      readonly state: ArtifactState | 'valid' | 'unproven' | 'invalid';
      readonly bytes: number;
      readonly reason?: string;
    }
  | { readonly type: 'waiting'; readonly what: string; readonly seconds: number }
  | { readonly type: 'note'; readonly message: string }
  /** Somebody asked for a private release, and was or was not let in. */
  | { readonly type: 'access-decided'; readonly decision: AccessDecision }
  | {
      readonly type: 'run-finished';
      readonly release: string;
      readonly state: ReleaseState | 'valid' | 'invalid' | 'done';
      readonly seconds: number;
    };

/** Receives events; must not throw and must not block. */
export interface Reporter {
  emit(event: CoreEvent): void;
}

export const silentReporter: Reporter = { emit() {} };
