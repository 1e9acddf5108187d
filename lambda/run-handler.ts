import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import type { z } from 'zod';
import type { PipelineHandler } from '../lib/contract/cloud/handlers.ts';
import { UsageError } from '../lib/core/errors.ts';
import type { PipelinePorts } from '../lib/core/pipeline/pipeline-ports.ts';
import { callClock } from './runtime/call-clock.ts';
import { readHandlerEnvironment, type Variables } from './runtime/handler-environment.ts';
import { handlerFailure, loggedFailure } from './runtime/handler-failure.ts';
import { openRuntime, type Runtime } from './runtime/open-runtime.ts';
import { type RunMetrics, runMetrics } from './runtime/run-metrics.ts';
import { textScrubber } from './runtime/text-scrubber.ts';

/** What a state works with besides the engine's ports. */
export interface StepTools {
  readonly runtime: Runtime;
  readonly metrics: RunMetrics;
}

/** One state of the pipeline: what comes in, and the function of the engine that it is handed to. */
export interface PipelineStep<Schema extends z.ZodType, Output> {
  readonly name: PipelineHandler;
  readonly input: Schema;
  run(input: z.output<Schema>, ports: PipelinePorts, tools: StepTools): Promise<Output>;
}

export type Handler<Output> = (
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis' | 'awsRequestId'>,
) => Promise<Output>;

export interface HandlerPlace {
  /** Folder that the deployment's file lies in: that of the bundle. */
  readonly folder: string;
  /** The environment of the process by default. */
  readonly variables?: Variables;
}

/**
 * The shell around a state: parse, call, return. Clients, threads and memory are made by the first call and serve all
 * that follow. What is logged and what is thrown holds no secret.
 */
export function pipelineHandler<Schema extends z.ZodType, Output>(
  step: PipelineStep<Schema, Output>,
  { folder, variables = process.env }: HandlerPlace,
): Handler<Output> {
  const logger = new Logger({ serviceName: 'weighbridge', persistentKeys: { state: step.name } });
  let opened: Runtime | undefined;

  return async (event, context) => {
    const clock = callClock(() => context.getRemainingTimeInMillis());
    const began = Date.now();
    logger.resetKeys();
    logger.appendKeys({ request: context.awsRequestId });
    try {
      opened ??= openRuntime(readHandlerEnvironment(folder, variables));
      const runtime = opened;
      const { configuration } = runtime.environment;
      const input = parseInput(step, event);
      logger.appendKeys({ deployment: configuration.name, ...identity(input) });
      logger.info('begins');
      const metrics = runMetrics(configuration);
      const output = await step.run(input, await runtime.portsFor(clock), { runtime, metrics });
      metrics.publish();
      logger.appendKeys(identity(output));
      logger.info('ends', { seconds: (Date.now() - began) / 1000, output });
      return output;
    } catch (thrown) {
      const scrub = textScrubber(opened?.secrets() ?? []);
      logger.error('failed', { seconds: (Date.now() - began) / 1000, error: loggedFailure(thrown, scrub) });
      throw handlerFailure(thrown, scrub);
    } finally {
      clock.end();
    }
  };
}

function parseInput<Schema extends z.ZodType>(
  { name, input }: Pick<PipelineStep<Schema, unknown>, 'name' | 'input'>,
  event: unknown,
): z.output<Schema> {
  const read = input.safeParse(event);
  if (read.success) return read.data;
  const wrong = read.error.issues.map(({ path, message }) => `${path.join('.') || 'the input'}: ${message}`);
  throw new UsageError(`${name} was called with something else than it takes: ${wrong.join('; ')}`);
}

/** What log lines of one run are found by. */
function identity(payload: unknown): Record<string, string | number> {
  const found: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(payload ?? {})) {
    if (!['publisher', 'run', 'attempt', 'item'].includes(name)) continue;
    if (typeof value === 'string' || typeof value === 'number') found[name] = value;
  }
  return found;
}
