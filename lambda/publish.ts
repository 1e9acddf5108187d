import { attemptPointer } from '../lib/contract/cloud/payloads.ts';
import { publishRun } from '../lib/core/pipeline/publish-run.ts';
import { pipelineHandler } from './run-handler.ts';

/** Makes a release whose artifacts are all there visible in the primary mirror. */
export const handler = pipelineHandler(
  { name: 'publish', input: attemptPointer, run: publishRun },
  { folder: import.meta.dirname },
);
