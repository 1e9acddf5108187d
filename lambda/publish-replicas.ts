import { attemptPointer } from '../lib/contract/cloud/payloads.ts';
import { publishReplicas } from '../lib/core/pipeline/publish-replicas.ts';
import { pipelineHandler } from './run-handler.ts';

/** Makes the release visible in the replicas that hold all of it. */
export const handler = pipelineHandler(
  { name: 'publish-replicas', input: attemptPointer, run: publishReplicas },
  { folder: import.meta.dirname },
);
