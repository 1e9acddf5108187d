import type { PassInput, PassOutput } from '../../contract/cloud/payloads.ts';
import { NoProgress } from './pipeline-failures.ts';

/** Passes that may get no further, one after the other. */
const idlePasses = 2;

/** How one pass ended. */
export interface PassEnd {
  /** Is nothing left to do? */
  readonly done: boolean;
  /** Did it get further than all passes before it? */
  readonly progress: boolean;
  /** Seconds to wait for upstream, a slot or another pass; undefined where there is nothing to wait for. */
  readonly wait?: number;
}

/** What is to be done next. @throws NoProgress when this pass, like the one before, got no further and waits for nobody. */
export function afterPass(input: PassInput, { done, progress, wait }: PassEnd): PassOutput {
  if (done) return { ...input, idle: 0, status: 'done', wait: 0 };
  const idle = progress ? 0 : wait === undefined ? input.idle + 1 : input.idle;
  if (idle >= idlePasses) {
    throw new NoProgress(`item ${input.item} got no further in ${idle} passes`, {
      hint: 'Its report says what was tried last. A longer `cloud.pipeline.timeoutSeconds` may help.',
    });
  }
  return { ...input, idle, status: 'continue', wait: Math.ceil(wait ?? 0) };
}
