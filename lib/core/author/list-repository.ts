import type { Clock } from '../clock.ts';
import type { Reporter } from '../events.ts';
import { defaultRetryPolicy, retry } from '../retry.ts';
import { type HuggingFaceAccess, surveyHuggingFace } from '../sources/hugging-face-survey.ts';
import type { RepositoryFiles, RepositoryRef } from './hugging-face-artifacts.ts';

/** What listing a repository needs from outside. */
export interface RepositoryPorts extends HuggingFaceAccess {
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/**
 * What a Hugging Face repository holds, as the Hub lists it, in the order of its listing.
 * @throws SourceError `gated`, `missing` and so on, as the Hub says
 */
export async function listRepository(ports: RepositoryPorts, ref: RepositoryRef): Promise<RepositoryFiles> {
  const { clock, signal, reporter } = ports;
  const survey = await retry(() => surveyHuggingFace(ports, ref, signal), defaultRetryPolicy, {
    clock,
    signal,
    onRetry: ({ error, inSeconds }) =>
      reporter.emit({ type: 'waiting', what: `${ref.repo}: ${error.message}`, seconds: inSeconds }),
  });
  return { commit: survey.commit, files: [...survey.files.values()] };
}
