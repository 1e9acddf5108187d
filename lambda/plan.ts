import { planInput } from '../lib/contract/cloud/payloads.ts';
import { planRun } from '../lib/core/pipeline/plan-run.ts';
import { pipelineHandler } from './run-handler.ts';

/** First state: takes the attempt, surveys, asks the sources and says what is to be moved. */
export const handler = pipelineHandler(
  { name: 'plan', input: planInput, run: planRun },
  { folder: import.meta.dirname },
);
