import { passInput } from '../lib/contract/cloud/payloads.ts';
import { replicateItem } from '../lib/core/pipeline/replicate-item.ts';
import { pipelineHandler } from './run-handler.ts';

/** One pass over one item that replicas lack. */
export const handler = pipelineHandler(
  { name: 'replicate', input: passInput, run: replicateItem },
  { folder: import.meta.dirname },
);
