import type { RepositoryFiles, RepositoryRef } from '../../core/author/hugging-face-artifacts.ts';
import { defaultRetryPolicy, retry } from '../../core/retry.ts';
import { surveyHuggingFace } from '../../core/sources/hugging-face-survey.ts';
import type { CommandContext } from '../command-context.ts';

/** What a Hugging Face repository holds, as the Hub lists it, in the order of its listing. */
export async function listRepository(context: CommandContext, ref: RepositoryRef): Promise<RepositoryFiles> {
  const { clock, signal, reporter, environment } = context;
  const access = { http: await context.http(), endpoint: environment.hfEndpoint };
  const survey = await retry(() => surveyHuggingFace(access, ref, signal), defaultRetryPolicy, {
    clock,
    signal,
    onRetry: ({ error, inSeconds }) =>
      reporter.emit({ type: 'waiting', what: `${ref.repo}: ${error.message}`, seconds: inSeconds }),
  });
  return { commit: survey.commit, files: [...survey.files.values()] };
}
