/** Of all metrics that handlers write. */
export const metricsNamespace = 'Weighbridge';

/** The one dimension: `cloud.name` of the deployment. */
export const metricsDimension = 'Deployment';

export const metricNames = {
  runsPublished: 'RunsPublished',
  runsDegraded: 'RunsDegraded',
  runsFailed: 'RunsFailed',
  runsRefused: 'RunsRefused',
  /** Of upstreams and primaries. */
  bytesMoved: 'BytesMoved',
  artifactsFailed: 'ArtifactsFailed',
  /** Passes that ended because upstream asked to wait. */
  passesThrottled: 'PassesThrottled',
  /** Seconds from the submission to the report. */
  runSeconds: 'RunSeconds',
} as const;

/** Of events that a run's end puts on the default bus. */
export const eventSource = 'weighbridge';
export const eventTypes = { ended: 'Weighbridge Run Ended' } as const;

/** Counted by filters on lines that the access API logs. */
export const accessMetricNames = { denied: 'AccessDenied', policyUnreadable: 'PolicyUnreadable' } as const;

/** Of those: a filter can add no dimension, so that each deployment has a namespace of its own. */
export function accessMetricsNamespace(deploymentName: string): string {
  return `${metricsNamespace}/${deploymentName}`;
}
