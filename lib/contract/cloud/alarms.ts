import { accessApiOf } from './cloud-configuration.ts';
import type { Deployment } from './deployment.ts';
import { pipelineHandlers } from './handlers.ts';

/** Kinds of alarms. Each is a heading of docs/runbook.md, and part of the names of its alarms. */
export const alarmIds = [
  'executions-failed',
  'executions-timed-out',
  'executions-aborted',
  'execution-time',
  'runs-degraded',
  'submissions-not-started',
  'dead-letters',
  'function-errors',
  'function-throttles',
  'function-duration',
  'cdn-5xx',
  'cdn-4xx',
  'access-denied',
  'access-5xx',
  'policy-unreadable',
] as const;

export type AlarmId = (typeof alarmIds)[number];

/** Where CloudFront's metrics are, and with them the alarms on them. */
export const cdnMetricsRegion = 'us-east-1';

/** Those that exist once for each function. */
const perFunction: ReadonlySet<AlarmId> = new Set(['function-errors', 'function-throttles', 'function-duration']);

/** Those on two metrics, a rate and the count that it is of; CloudWatch bills each metric of an alarm. */
const onCdn: ReadonlySet<AlarmId> = new Set(['cdn-5xx', 'cdn-4xx']);

/** Those that there are with an access API alone. */
const onAccess: ReadonlySet<AlarmId> = new Set(['access-denied', 'access-5xx', 'policy-unreadable']);

/** Those on metrics that handlers write, or that are made of what they log. */
const onOwnMetrics: ReadonlySet<AlarmId> = new Set(['runs-degraded', 'access-denied', 'policy-unreadable']);

/** Alarms that a deployment is billed for, by the metrics that they watch. */
export function billedAlarms({ cloud }: Pick<Deployment, 'cloud'>): number {
  const { observability, region, public: publicMirror } = cloud;
  if (!observability.alarms) return 0;
  const access = accessApiOf(cloud) !== undefined;
  const functions = pipelineHandlers.length + (access ? 1 : 0);
  return alarmIds
    .filter((id) => !onOwnMetrics.has(id) || observability.metrics)
    .filter((id) => !onAccess.has(id) || access)
    .filter((id) => !onCdn.has(id) || (publicMirror !== false && region === cdnMetricsRegion))
    .reduce((sum, id) => sum + (perFunction.has(id) ? functions : onCdn.has(id) ? 2 : 1), 0);
}
