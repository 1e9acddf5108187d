import type { AccessMetrics } from './access-metrics.ts';
import type { AlarmRule } from './alarm-rules.ts';

/** An access API that is watched. */
export interface ObservedAccess {
  readonly metrics: AccessMetrics;
  /** Refusals in five minutes at which the alarm goes off. @default 50 */
  readonly deniedAlarm?: number;
}

/** The alarms on what callers of the access API get; those of its function are as of every other. */
export function accessAlarms({ metrics, deniedAlarm = 50 }: ObservedAccess): AlarmRule[] {
  const { denied, serverErrors, policyUnreadable } = metrics;
  return [
    ...(denied === undefined
      ? []
      : [
          {
            id: 'access-denied' as const,
            says: `The access API refused ${deniedAlarm} requests in five minutes.`,
            metric: denied,
            threshold: deniedAlarm,
          },
        ]),
    {
      id: 'access-5xx',
      says: 'The access API could not answer five requests in five minutes.',
      metric: serverErrors,
      threshold: 5,
    },
    ...(policyUnreadable === undefined
      ? []
      : [
          {
            id: 'policy-unreadable' as const,
            says: 'The access API could not read the access policy, or not use it.',
            metric: policyUnreadable,
            threshold: 1,
          },
        ]),
  ];
}
