import { metricNames } from '../lib/contract/cloud/metrics.ts';
import { passInput } from '../lib/contract/cloud/payloads.ts';
import { transferItem } from '../lib/core/pipeline/transfer-item.ts';
import { pipelineHandler } from './run-handler.ts';

/** One pass over one item: it ends when the item is done, when time is up, or when upstream asks to wait. */
export const handler = pipelineHandler(
  {
    name: 'transfer',
    input: passInput,
    async run(input, ports, { metrics }) {
      const output = await transferItem(input, ports);
      if (output.wait > 0) metrics.count(metricNames.passesThrottled, 1);
      return output;
    },
  },
  { folder: import.meta.dirname },
);
