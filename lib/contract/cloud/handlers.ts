/** The functions of the pipeline: each is `lambda/{name}.ts`, bundled as `dist/lambda/{name}/index.mjs`. */
export const pipelineHandlers = ['plan', 'transfer', 'publish', 'replicate', 'publish-replicas', 'report'] as const;
export type PipelineHandler = (typeof pipelineHandlers)[number];

/** All functions of the project. */
export const handlers = [...pipelineHandlers, 'gcs-bucket', 'access'] as const;
export type Handler = (typeof handlers)[number];

/** What Lambda is told to call. */
export const handlerEntry = 'index.handler';

/** Environment variables of the functions. */
export const handlerVariables = {
  stateBucket: 'WEIGHBRIDGE_STATE_BUCKET',
  /** Absent where there is no public mirror. */
  publicBucket: 'WEIGHBRIDGE_PUBLIC_BUCKET',
  /** Absent where there is no private mirror. */
  privateBucket: 'WEIGHBRIDGE_PRIVATE_BUCKET',
  /** Base URL of the public mirror, for consumers. */
  publicUrl: 'WEIGHBRIDGE_PUBLIC_URL',
  /** ARN of the KMS key of the buckets, where there is one. */
  kmsKey: 'WEIGHBRIDGE_KMS_KEY',
  /** ARN of the role that signs URLs of the private mirror; for the access API alone. */
  signerRole: 'WEIGHBRIDGE_SIGNER_ROLE',
} as const;
