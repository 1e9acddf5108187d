/** What the package gives to apps of the CDK: `import { … } from 'weighbridge/infra'`. */
export type { ObservedAccess } from './access-alarms.ts';
export { AccessApi, type AccessApiProps } from './access-api.ts';
export type { AccessDomain, AccessGateway } from './access-gateway.ts';
export type { AccessMetrics } from './access-metrics.ts';
export { addWeighbridge, type WeighbridgeOptions, type WeighbridgeStacks } from './add-weighbridge.ts';
export type { BucketReaders } from './bucket-readers.ts';
export { applyCompanyRules, type CompanyRulesProps } from './company-rules.ts';
export { EncryptionKey, type EncryptionKeyProps } from './encryption-key.ts';
export { GcsMirror, type GcsMirrorProps } from './gcs-mirror.ts';
export { GcsStack, type GcsStackProps } from './gcs-stack.ts';
export { HandlerFunction, type HandlerFunctionProps } from './handler-function.ts';
export { LogsBucket, type LogsBucketProps } from './logs-bucket.ts';
export { MirrorBucket, type MirrorBucketProps } from './mirror-bucket.ts';
export { MirrorCdn, type MirrorCdnDomain, type MirrorCdnProps } from './mirror-cdn.ts';
export { MirrorStack, type MirrorStackProps } from './mirror-stack.ts';
export {
  type PlannedMirror,
  PublisherRoles,
  type PublisherRolesProps,
  type RolesOfPublisher,
} from './publisher-roles.ts';
export { RunObservability, type RunObservabilityProps } from './run-observability.ts';
export { StagingPipeline, type StagingPipelineProps } from './staging-pipeline.ts';
export { StateBucket, type StateBucketProps } from './state-bucket.ts';
