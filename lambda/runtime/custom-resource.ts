import { z } from 'zod';
import { WeighbridgeError } from '../../lib/core/errors.ts';

/**
 * What CloudFormation sends to a function behind a custom resource.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export const customResourceRequest = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  /** Signed: whoever has it can answer. */
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
  ResourceProperties: z.record(z.string(), z.unknown()),
});
export type CustomResourceRequest = z.infer<typeof customResourceRequest>;

/** CloudFormation takes 4096 bytes of answer. */
const longestReason = 2000;

const tries = 5;

export interface CustomResourceAnswer {
  readonly status: 'SUCCESS' | 'FAILED';
  /** Identity of the resource; another one than before has the old one deleted. */
  readonly physicalId: string;
  /** Why it failed, without secrets. */
  readonly reason?: string;
}

/**
 * Answers CloudFormation, which otherwise waits until the resource's timeout.
 * @throws WeighbridgeError that names no URL, when no answer got through.
 */
export async function answerCustomResource(
  request: CustomResourceRequest,
  answer: CustomResourceAnswer,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = request;
  const body = JSON.stringify({
    Status: answer.status,
    PhysicalResourceId: answer.physicalId,
    ...(answer.reason === undefined ? {} : { Reason: answer.reason.slice(0, longestReason) }),
    StackId,
    RequestId,
    LogicalResourceId,
  });
  for (let tried = 1; ; tried += 1) {
    // The address was signed without a type of content.
    const sent = await fetch(ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } }).catch(
      () => undefined,
    );
    await sent?.arrayBuffer().catch(() => undefined);
    if (sent?.ok) return;
    if (tried === tries)
      throw new AnswerLost(`CloudFormation did not take the answer (${sent?.status ?? 'no connection'})`);
    await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** tried));
  }
}

/** The deployment will wait for its timeout. */
export class AnswerLost extends WeighbridgeError {
  override readonly name = 'AnswerLost';
}
