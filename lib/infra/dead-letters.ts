import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { HandlerFunction } from './handler-function.ts';

/**
 * Where events go that could not be delivered: encrypted, over TLS only, kept for 14 days.
 * @param encryptionKey Must let EventBridge use it, as `EncryptionKey` does.
 */
export function deadLetterQueue(scope: Construct, id: string, encryptionKey: kms.IKey | undefined): sqs.Queue {
  const queue = new sqs.Queue(scope, id, {
    ...(encryptionKey === undefined
      ? { encryption: sqs.QueueEncryption.SQS_MANAGED }
      : { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: encryptionKey }),
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(queue, 'AwsSolutions-SQS3', 'It is where undeliverable events end; what comes here raises an alarm.');
  return queue;
}

/** An asynchronous call that failed, also when it was tried again, becomes a dead letter. */
export function sendFailedCalls(handler: HandlerFunction, queue: sqs.Queue): void {
  handler.function.configureAsyncInvoke({
    retryAttempts: 2,
    onFailure: { bind: () => ({ destination: queue.queueArn }) },
  });
  handler.role.addToPolicy(
    new iam.PolicyStatement({ sid: 'SendDeadLetters', actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
  );
  if (queue.encryptionMasterKey !== undefined) {
    handler.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'EncryptDeadLetters',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [queue.encryptionMasterKey.keyArn],
      }),
    );
  }
}
