import { reportInput } from '../lib/contract/cloud/payloads.ts';
import { reportRun } from '../lib/core/pipeline/report-run.ts';
import { pipelineHandler } from './run-handler.ts';
import { putEvent } from './runtime/event-bus.ts';
import { countRun } from './runtime/run-metrics.ts';

/** Last state, or called by the rule that sees an execution end without it: the report, an event, metrics. */
export const handler = pipelineHandler(
  {
    name: 'report',
    input: reportInput,
    async run(input, ports, { metrics, runtime }) {
      const { output, event } = await reportRun(input, ports);
      if (event === undefined) return output;
      // First what may fail and be tried again, then what counts.
      await putEvent(event, runtime.environment.region);
      countRun(metrics, event);
      return output;
    },
  },
  { folder: import.meta.dirname },
);
