import { Logger } from '@aws-lambda-powertools/logger';
import { gcsBucketProperties } from '../lib/contract/cloud/gcs-bucket-resource.ts';
import { UsageError } from '../lib/core/errors.ts';
import { serveBucketRequest } from '../lib/core/gcs-buckets/bucket-request.ts';
import { createGcsStorage, gcsEndpoint } from '../lib/core/stores/create-gcs-storage.ts';
import { answerCustomResource, type CustomResourceRequest, customResourceRequest } from './runtime/custom-resource.ts';
import { federatedClient } from './runtime/federated-client.ts';
import { awsIdentity, readConfiguration } from './runtime/handler-environment.ts';
import { handlerFailure, loggedFailure } from './runtime/handler-failure.ts';
import { mayTakeTokens } from './runtime/may-take-tokens.ts';
import { textScrubber } from './runtime/text-scrubber.ts';

/** What a resource is called whose bucket could not be made. CloudFormation deletes it, and nothing is deleted. */
const notMade = 'not-made';

const logger = new Logger({ serviceName: 'weighbridge', persistentKeys: { state: 'gcs-bucket' } });

/** Makes, changes and deletes one bucket in Google Cloud Storage, as CloudFormation asks. */
export async function handler(event: unknown): Promise<void> {
  const request = customResourceRequest.parse(event);
  const { RequestType: type, LogicalResourceId: resource, PhysicalResourceId: before } = request;
  try {
    const physicalId = await serve(request);
    logger.info('done', { type, resource, bucket: physicalId });
    await answerCustomResource(request, { status: 'SUCCESS', physicalId });
  } catch (thrown) {
    const scrub = textScrubber([request.ResponseURL]);
    logger.error('failed', { type, resource, error: loggedFailure(thrown, scrub) });
    const reason = handlerFailure(thrown, scrub).message;
    await answerCustomResource(request, { status: 'FAILED', physicalId: before ?? notMade, reason });
  }
}

async function serve(request: CustomResourceRequest): Promise<string> {
  const { RequestType: type, PhysicalResourceId: bucket } = request;
  const properties = gcsBucketProperties.parse(request.ResourceProperties);
  const { gcs } = readConfiguration(import.meta.dirname);
  if (gcs === undefined) throw new UsageError('the deployment says nothing of Google Cloud');
  const storage = createGcsStorage({
    apiEndpoint: new URL(gcs.endpoint ?? gcsEndpoint).origin,
    projectId: properties.Project,
    ...(mayTakeTokens(gcs) ? { authClient: federatedClient(gcs, awsIdentity(process.env)) } : { anonymous: true }),
  });
  return await serveBucketRequest({ type, properties, bucket }, storage);
}
